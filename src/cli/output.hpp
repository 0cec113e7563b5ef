// Everything this program prints: asked-for data and JSON to stdout, people's text to stderr.
//
// Whatever is meant for people goes through the filter of utf8.hpp on its way, so that nothing the server said can
// command the terminal. On a terminal long lines break between words, and what matters has a colour unless NO_COLOR is
// set.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.hpp"
#include "cli/json_line.hpp"

namespace ecoauth::cli {

enum class Style { plain, bold, good, warning, bad, faint, qr_code };

struct Span {
  std::string text;
  Style style;
};

class Output {
 public:
  void configure(bool json, bool quiet);

  bool json() const { return json_; }
  bool quiet() const { return quiet_; }
  /// Can a line on stderr be rewritten?
  bool rewritable() const { return rewritable_; }
  /// Of the terminal that people's text goes to.
  size_t columns() const;
  size_t rows() const;
  /// Does people's text have colours?
  bool colours() const { return colours_; }

  /// What the user asked for. A reader that has left is no failure; what else goes wrong is kept for write_failed().
  void data(std::string_view bytes);
  /// A line of it, for people.
  void line(std::string_view text);
  void line(const std::vector<Span>& spans);
  /// Likewise "Name:  value".
  void row(std::string_view name, std::string_view value, Style style = Style::plain);
  /// Bytes from the server: as they are into a file or pipe, without control characters onto a terminal.
  void body(std::string_view bytes);
  /// One line of JSON on stdout, only with --json.
  void object(const JsonLine& line);
  /// A line for people, unless --quiet.
  void say(std::string_view line, Style style = Style::plain);
  /// A line for people, always.
  void warn(std::string_view line, Style style = Style::plain);
  /// Words before something is typed, without a line break of their own.
  void prompt(std::string_view words);
  void log(int32_t level, std::string_view line, int64_t dropped);
  /// Replaces the present rewritable line; empty removes it. Only when rewritable() and not --quiet.
  void rewrite(std::string line, Style style = Style::plain);
  void report(const Failure& failure);

  /// Data could not be written although its reader was there (a full disk, for instance).
  bool write_failed() const { return write_failed_; }

 private:
  void line_to_stderr(std::string_view line, Style style = Style::plain);

  bool json_ = false;
  bool quiet_ = false;
  bool rewritable_ = false;
  bool colours_ = false;
  bool colours_of_data_ = false;
  bool reader_left_ = false;
  bool write_failed_ = false;
  std::string rewritten_;
};

}  // namespace ecoauth::cli
