// SIGINT, SIGTERM and SIGHUP as a descriptor to poll.
#pragma once

namespace ecoauth::cli {

/// The first signal asks for an orderly end. Another Ctrl-C, half a second later or more, ends the process at once with
/// exit code 130; sooner ones are echoes (a wrapper that passes on what the terminal has sent to everybody). One per
/// process.
class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Readable as soon as a signal has come; stays so.
  int fd() const;
  static bool raised();
};

}  // namespace ecoauth::cli
