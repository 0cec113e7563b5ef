// SIGINT, SIGTERM and SIGHUP as a descriptor to poll.
#pragma once

namespace ecoauth::cli {

/// The first signal asks for an orderly end; a second one ends the process at once with exit code 130. One per process.
class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Readable as soon as a signal has come; stays so.
  int fd() const;
  bool raised() const;
};

}  // namespace ecoauth::cli
