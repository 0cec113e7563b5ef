#include "cli/secret_prompt.hpp"

#include <termios.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "cli/input.hpp"

namespace ecoauth::cli {

namespace {

/// Other modes of the terminal, as long as this lives.
class TerminalModes {
 public:
  explicit TerminalModes(bool shown) {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios modes = before_;
    if (!shown) modes.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    modes.c_cc[VSUSP] = _POSIX_VDISABLE;  // a shell would get a terminal that seems dead
    changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &modes) == 0;
  }
  TerminalModes(const TerminalModes&) = delete;
  TerminalModes& operator=(const TerminalModes&) = delete;
  ~TerminalModes() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  bool works() const { return changed_; }

 private:
  termios before_{};
  bool changed_ = false;
};

}  // namespace

SecretText& SecretText::operator=(SecretText&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  text = other.text;  // not moved: short strings stay behind when moved
  other.wipe();
  return *this;
}

void SecretText::wipe() {
  explicit_bzero(text.data(), text.size());
  text.clear();
}

void SecretText::trim() {
  constexpr const char* blanks = " \t\r\n";
  text.erase(text.find_last_not_of(blanks) + 1);
  text.erase(0, text.find_first_not_of(blanks));
}

bool has_terminal() { return isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0; }

bool read_line_from_terminal(const std::string& words, bool shown, SecretText& line, Output& output,
                             const Signals& signals) {
  const TerminalModes modes(shown);
  if (!modes.works()) return false;
  output.prompt(words);
  line.wipe();
  line.text.reserve(16384);
  char c = 0;
  while (c != '\n' && line.text.size() < line.text.capacity()) {
    wait_readable(STDIN_FILENO, signals);
    const ssize_t count = read(STDIN_FILENO, &c, 1);
    if (count == 0) break;
    if (count == 1) line.text.push_back(c);
  }
  if (!shown || c != '\n') output.prompt("\n");
  line.trim();
  return true;
}

}  // namespace ecoauth::cli
