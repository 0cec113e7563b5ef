#include "cli/output.hpp"

#include <ecoauth/ecoauth.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

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

/// So that a rewritten line never wraps, which could not be undone.
size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

void Output::configure(bool json, bool quiet) {
  json_ = json;
  quiet_ = quiet;
  const char* terminal = std::getenv("TERM");
  rewritable_ = isatty(STDERR_FILENO) != 0 && terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
}

void Output::data(std::string_view bytes) {
  if (reader_left_ || write_failed_) return;
  if (!rewritten_.empty()) rewrite("");
  const int failure = write_all(STDOUT_FILENO, bytes);
  if (failure == EPIPE || failure == EINTR) reader_left_ = true;
  if (failure != 0 && !reader_left_) write_failed_ = true;
}

void Output::line(std::string_view text) { data(for_terminal(text, false) + "\n"); }

void Output::body(std::string_view bytes) {
  if (isatty(STDOUT_FILENO) == 0) return data(bytes);
  std::string text = for_terminal(bytes, true);
  if (!text.empty() && text.back() != '\n') text.push_back('\n');
  data(text);
}

void Output::object(const JsonLine& line) {
  if (json_) data(line.dump() + "\n");
}

void Output::line_to_stderr(std::string_view line) {
  std::string text = rewritten_.empty() ? "" : "\r\x1b[K";
  text.append(for_terminal(line, false));
  text.push_back('\n');
  text.append(rewritten_);
  write_all(STDERR_FILENO, text);
}

void Output::say(std::string_view line) {
  if (!quiet_) line_to_stderr(line);
}

void Output::warn(std::string_view line) { line_to_stderr(line); }

void Output::prompt(std::string_view words) { write_all(STDERR_FILENO, words); }

void Output::log(int32_t level, std::string_view line, int64_t dropped) {
  if (dropped > 0) line_to_stderr("(" + std::to_string(dropped) + " log lines dropped)");
  std::string text = std::string("[") + level_name(level) + "] ";
  text.append(line);
  line_to_stderr(text);
}

void Output::rewrite(std::string line) {
  if (!rewritable_ || quiet_) return;
  line.resize(std::min(line.size(), terminal_columns() - 1));
  if (line == rewritten_) return;
  write_all(STDERR_FILENO, "\r\x1b[K" + line);
  rewritten_ = std::move(line);
}

void Output::report(const Failure& failure) {
  rewrite("");
  object(failure.json());
  line_to_stderr("ecoauth: " + failure.message);
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
