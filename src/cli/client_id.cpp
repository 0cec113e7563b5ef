#include "cli/client_id.hpp"

#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "cli/failure.hpp"
#include "cli/input.hpp"

namespace ecoauth::cli {

namespace {

constexpr const char* variable = "ECOAUTH_CLIENT_ID";
constexpr size_t longest_bytes = 200;

/// Also in the memory that /proc shows as this process's environment.
std::string take_from_environment() {
  char* value = std::getenv(variable);
  if (value == nullptr) return {};
  std::string text = value;
  explicit_bzero(value, std::strlen(value));
  unsetenv(variable);
  return text;
}

/// A terminal that shows nothing of what is typed, as long as this lives.
class NoEcho {
 public:
  NoEcho() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_cc[VSUSP] = _POSIX_VDISABLE;  // a shell would get a terminal that seems dead
    changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  bool works() const { return changed_; }

 private:
  termios before_{};
  bool changed_ = false;
};

}  // namespace

ClientId::ClientId(std::string text, const std::string& where) : text_(std::move(text)) {
  constexpr const char* blanks = " \t\r\n";
  text_.erase(text_.find_last_not_of(blanks) + 1);
  text_.erase(0, text_.find_first_not_of(blanks));
  bool plausible = text_.size() <= longest_bytes;
  for (const char c : text_) plausible = plausible && c > ' ' && c <= '~';
  if (plausible) return;
  wipe();
  throw Failure::usage("what came " + where + " cannot be a client id (application key)",
                       "It is one line of up to 200 letters, digits or signs without blanks; ecobee's have 32.");
}

ClientId::ClientId(ClientId&& other) noexcept { *this = std::move(other); }

ClientId& ClientId::operator=(ClientId&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  text_ = other.text_;  // not moved: short strings stay behind when moved
  other.wipe();
  return *this;
}

void ClientId::wipe() {
  explicit_bzero(text_.data(), text_.size());
  text_.clear();
}

ClientId given_client_id(const Arguments& arguments, Output& output, const Signals& signals) {
  ClientId from_environment(take_from_environment(), "in " + std::string(variable));
  const std::string& path = arguments.client_id_file;
  if (path.empty()) return from_environment;
  bool open_to_others = false;
  ClientId from_file(read_input(path, "the client id file", 4096, signals, &open_to_others), "from \"" + path + "\"");
  if (from_file.empty())
    throw Failure::usage("the client id file \"" + path + "\" is empty", "Put the client id into it.");
  if (open_to_others)
    output.warn("Warning: other users may read \"" + path + "\", and the client id is a secret: chmod 600 it.");
  return from_file;
}

ClientId ask_for_client_id(Output& output, const Signals& signals) {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0)
    throw Failure::usage("no client id (application key) is known for this account, and there is no terminal to ask",
                         "Set ECOAUTH_CLIENT_ID, or name a file with --client-id-file. Only the first login needs it.");
  const NoEcho no_echo;
  if (!no_echo.works())
    throw Failure::usage("the terminal cannot be kept from showing what is typed",
                         "Set ECOAUTH_CLIENT_ID, or name a file with --client-id-file.");
  output.prompt("Client id (ecobee: application key; it is not shown): ");
  std::string text;
  text.reserve(4096);
  char c = 0;
  while (c != '\n' && text.size() < text.capacity()) {
    wait_readable(STDIN_FILENO, signals);
    const ssize_t count = read(STDIN_FILENO, &c, 1);
    if (count == 0) break;
    if (count == 1) text.push_back(c);
  }
  output.prompt("\n");
  ClientId id(std::move(text), "from the terminal");
  if (id.empty()) throw Failure::usage("no client id was entered", "Run the command again.");
  return id;
}

}  // namespace ecoauth::cli
