// Everything this program prints: asked-for data and JSON to stdout, people's text to stderr.
//
// Whatever is meant for people goes through the filter of utf8.hpp on its way, so that nothing the server said can
// command the terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/failure.hpp"
#include "cli/json_line.hpp"

namespace ecoauth::cli {

class Output {
 public:
  void configure(bool json, bool quiet);

  bool json() const { return json_; }
  bool quiet() const { return quiet_; }
  /// Can a line on stderr be rewritten?
  bool rewritable() const { return rewritable_; }

  /// What the user asked for. A reader that has left is no failure; what else goes wrong is kept for write_failed().
  void data(std::string_view bytes);
  /// A line of it, for people.
  void line(std::string_view text);
  /// Bytes from the server: as they are into a file or pipe, without control characters onto a terminal.
  void body(std::string_view bytes);
  /// One line of JSON on stdout, only with --json.
  void object(const JsonLine& line);
  /// A line for people, unless --quiet.
  void say(std::string_view line);
  /// A line for people, always.
  void warn(std::string_view line);
  /// Words before something is typed, without a line break of their own.
  void prompt(std::string_view words);
  void log(int32_t level, std::string_view line, int64_t dropped);
  /// Replaces the present rewritable line; empty removes it. Only when rewritable() and not --quiet.
  void rewrite(std::string line);
  void report(const Failure& failure);

  /// Data could not be written although its reader was there (a full disk, for instance).
  bool write_failed() const { return write_failed_; }

 private:
  void line_to_stderr(std::string_view line);

  bool json_ = false;
  bool quiet_ = false;
  bool rewritable_ = false;
  bool reader_left_ = false;
  bool write_failed_ = false;
  std::string rewritten_;
};

}  // namespace ecoauth::cli
