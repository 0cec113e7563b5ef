#include "cli/output.hpp"

#include <ecoauth/ecoauth.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/line_breaks.hpp"
#include "cli/signals.hpp"
#include "cli/time_text.hpp"
#include "cli/utf8.hpp"

namespace ecoauth::cli {

namespace {

/// Writes all of it; 0 or the errno that stopped it.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      // Somebody else made the shared descriptor non-blocking.
      pollfd writable{fd, POLLOUT, 0};
      if (poll(&writable, 1, -1) < 0 && (errno != EINTR || Signals::raised())) return errno;
    } else if (errno != EINTR || Signals::raised()) {
      return errno;
    }
  }
  return 0;
}

const char* level_name(int32_t level) {
  switch (level) {
    case ECOAUTH_LOG_ERROR:
      return "error";
    case ECOAUTH_LOG_WARNING:
      return "warning";
    case ECOAUTH_LOG_INFO:
      return "info";
    case ECOAUTH_LOG_DEBUG:
      return "debug";
    default:
      return "trace";
  }
}

/// The size of a terminal that does not know it, and of what is none, is the one of old.
winsize size_of_terminal(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {24, 80, 0, 0};
  return size;
}

bool is_capable_terminal(int fd) {
  const char* kind = std::getenv("TERM");
  return isatty(fd) != 0 && kind != nullptr && std::strcmp(kind, "dumb") != 0;
}

/// https://no-color.org: present and not empty.
bool colours_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  return no_color == nullptr || no_color[0] == '\0';
}

std::string coloured(std::string text, Style style, bool colours) {
  constexpr const char* codes[] = {"", "1", "32", "33", "31", "2", "30;107"};
  const std::string code = codes[static_cast<size_t>(style)];
  if (!colours || code.empty() || text.empty()) return text;
  return "\x1b[" + code + "m" + std::move(text) + "\x1b[0m";
}

}  // namespace

void Output::configure(bool json, bool quiet) {
  json_ = json;
  quiet_ = quiet;
  rewritable_ = is_capable_terminal(STDERR_FILENO);
  colours_ = rewritable_ && colours_wanted();
  colours_of_data_ = is_capable_terminal(STDOUT_FILENO) && colours_wanted();
}

size_t Output::columns() const { return size_of_terminal(STDERR_FILENO).ws_col; }

size_t Output::rows() const { return size_of_terminal(STDERR_FILENO).ws_row; }

void Output::data(std::string_view bytes) {
  if (reader_left_ || write_failed_) return;
  if (!rewritten_.empty()) rewrite("");
  const int failure = write_all(STDOUT_FILENO, bytes);
  if (failure == EPIPE || failure == EINTR) reader_left_ = true;
  if (failure != 0 && !reader_left_) write_failed_ = true;
}

void Output::line(std::string_view text) { data(for_terminal(text, false) + "\n"); }

void Output::line(const std::vector<Span>& spans) {
  std::string text;
  for (const Span& span : spans) text += coloured(for_terminal(span.text, false), span.style, colours_of_data_);
  data(text + "\n");
}

void Output::row(std::string_view name, std::string_view value, Style style) {
  constexpr size_t column = 15;
  std::string label = name.empty() ? "" : std::string(name) + ":";
  label.resize(std::max(column, label.size() + 1), ' ');
  if (isatty(STDOUT_FILENO) == 0) return line(label + std::string(value));
  const size_t columns = std::max<size_t>(size_of_terminal(STDOUT_FILENO).ws_col, column + 20) - column;
  for (const std::string& piece : lines_of_words(for_terminal(value, false), columns, 0)) {
    data(label + coloured(piece, style, colours_of_data_) + "\n");
    label.assign(column, ' ');
  }
}

void Output::body(std::string_view bytes) {
  if (isatty(STDOUT_FILENO) == 0) return data(bytes);
  std::string text = for_terminal(bytes, true);
  if (!text.empty() && text.back() != '\n') text.push_back('\n');
  data(text);
}

void Output::object(const JsonLine& line) {
  if (json_) data(line.dump() + "\n");
}

void Output::line_to_stderr(std::string_view line, Style style) {
  std::string text = rewritten_.empty() ? "" : "\r\x1b[K";
  const std::string shown = for_terminal(line, false);
  if (isatty(STDERR_FILENO) == 0) {
    text += shown + "\n";
  } else {
    for (std::string& piece : lines_of_words(shown, columns(), 2))
      text += coloured(std::move(piece), style, colours_) + "\n";
  }
  write_all(STDERR_FILENO, text + rewritten_);
}

void Output::say(std::string_view line, Style style) {
  if (!quiet_) line_to_stderr(line, style);
}

void Output::warn(std::string_view line, Style style) { line_to_stderr(line, style); }

void Output::prompt(std::string_view words) { write_all(STDERR_FILENO, words); }

void Output::log(int32_t level, std::string_view line, int64_t dropped) {
  if (dropped > 0) line_to_stderr("(" + std::to_string(dropped) + " log lines dropped)");
  std::string text = std::string("[") + level_name(level) + "] ";
  text.append(line);
  line_to_stderr(text);
}

void Output::rewrite(std::string line, Style style) {
  if (!rewritable_ || quiet_) return;
  line.resize(std::min(line.size(), columns() - 1));  // a line that wraps could not be taken back
  line = coloured(std::move(line), style, colours_);
  if (line == rewritten_) return;
  write_all(STDERR_FILENO, "\r\x1b[K" + line);
  rewritten_ = std::move(line);
}

void Output::report(const Failure& failure) {
  rewrite("");
  object(failure.json());
  line_to_stderr("ecoauth: " + failure.message, Style::bad);
  if (!failure.oauth_error.empty() || !failure.oauth_description.empty()) {
    std::string said =
        failure.oauth_error.empty() ? "status " + std::to_string(failure.api_status) : failure.oauth_error;
    if (!failure.oauth_description.empty()) said += ": " + failure.oauth_description;
    if (failure.http_status != 0) said += " (HTTP " + std::to_string(failure.http_status) + ")";
    line_to_stderr("The server said: " + said);
  }
  if (!failure.advice.empty()) line_to_stderr("What to do: " + failure.advice);
  if (failure.retry_after_ms > 0) {
    line_to_stderr("The next try makes sense in " + duration_text(failure.retry_after_ms + 999) + ".");
  }
}

}  // namespace ecoauth::cli
