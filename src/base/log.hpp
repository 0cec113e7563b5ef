// Log lines that cannot carry a secret: a line is built from texts, numbers and fingerprints only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "base/text.hpp"

namespace ecoauth {

/// The numbers of ECOAUTH_LOG_* in <ecoauth/event.h>.
enum class LogLevel : int32_t { error = 1, warning = 2, info = 3, debug = 4, trace = 5 };

/// Where lines go. Copyable handle; thread-safe when its sink is.
class Logger {
 public:
  using Sink = std::function<void(LogLevel, std::string_view line)>;

  Logger() = default;
  Logger(LogLevel most_verbose, Sink sink)
      : most_verbose_(most_verbose), sink_(std::make_shared<const Sink>(std::move(sink))) {}

  bool wants(LogLevel level) const { return sink_ && level <= most_verbose_; }

  /// log(level, "refresh of ", account, " with ", token, " answered ", 200): secrets come out as fingerprints.
  template <typename... Parts>
  void log(LogLevel level, const Parts&... parts) const {
    if (!wants(level)) return;
    std::string line;
    (add(line, parts), ...);
    (*sink_)(level, line);
  }

 private:
  static void add(std::string& line, std::string_view text) { line += text; }
  static void add(std::string& line, const char* text) { line += text; }
  static void add(std::string& line, const std::string& text) { line += text; }
  static void add(std::string& line, int64_t number) { line += to_text(number); }
  static void add(std::string& line, int number) { line += to_text(number); }
  static void add(std::string& line, size_t number) { line += to_text(static_cast<int64_t>(number)); }
  static void add(std::string& line, bool truth) { line += truth ? "yes" : "no"; }
  static void add(std::string& line, const Secret& secret) { line += secret.fingerprint(); }

  LogLevel most_verbose_ = LogLevel::error;
  std::shared_ptr<const Sink> sink_;
};

}  // namespace ecoauth
