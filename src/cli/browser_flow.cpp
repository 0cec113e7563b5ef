// The flows that go through the user's browser: an address to open, and the address the browser ends up at.
#include <ecoauth/ecoauth.h>
#include <sys/stat.h>

#include <optional>

#include "cli/exit_codes.hpp"
#include "cli/flows.hpp"
#include "cli/input.hpp"
#include "cli/redirect_listener.hpp"
#include "cli/secret_prompt.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

constexpr size_t longest_address_bytes = 64 * 1024;
constexpr int look_again_ms = 200;
constexpr int tries_at_the_terminal = 3;

int32_t flow_of(const Arguments& arguments) {
  if (arguments.flow == "utility") return ECOAUTH_FLOW_UTILITY;
  return arguments.pkce ? ECOAUTH_FLOW_CODE_PKCE : ECOAUTH_FLOW_CODE;
}

std::string address_to_open(Session& session, const Arguments& arguments) {
  const EventHandle done = session.run([&](ecoauth_account* account, int64_t* operation, ecoauth_error** error) {
    return ecoauth_account_authorize_url_start(account, flow_of(arguments), arguments.redirect_uri.c_str(), operation,
                                               error);
  });
  return ecoauth_event_text(done.get());
}

void show(const std::string& address, const std::string& account, Output& output) {
  JsonLine line("open");
  output.object(line.text("account", account).text("url", address));
  output.warn("Open this address in your browser, log in and approve:");
  output.warn("");
  output.warn(address, Style::bold);
  output.warn("");
}

void wait_a_little(const Signals& signals) { wait_for(signals.fd(), 0, boot_ms() + look_again_ms, signals); }

/// Waits for the file: it may be written by whoever serves the redirect URI.
std::string from_file(const std::string& path, Output& output, const Signals& signals) {
  struct stat about {};
  bool told = path == "-";
  for (;;) {
    if (path == "-" || (stat(path.c_str(), &about) == 0 && (!S_ISREG(about.st_mode) || about.st_size > 0))) {
      std::string content = read_input(path, "the file with the redirected address", longest_address_bytes, signals);
      if (path == "-" || !S_ISREG(about.st_mode) || content.find('\n') != std::string::npos) return content;
      // It may still be being written; without a line end it is complete when it does not grow any more.
      wait_a_little(signals);
      struct stat later {};
      if (stat(path.c_str(), &later) == 0 && later.st_size == about.st_size) return content;
      continue;
    }
    if (!told) output.say("Waiting for the address that the browser is sent to, in the file " + path + " ...");
    told = true;
    wait_a_little(signals);
  }
}

void complete(Session& session, SecretText redirected) {
  redirected.trim();
  if (redirected.text.empty())
    throw Failure::usage("there is no address in the file with the redirected address",
                         "Write the whole address into it that the browser ended at, from https:// to its last "
                         "character.");
  session.run([&](ecoauth_account* account, int64_t* operation, ecoauth_error** error) {
    return ecoauth_account_complete_redirect_start(account, redirected.text.c_str(), operation, error);
  });
}

/// Whether a person may simply try once more with the right address.
bool was_wrong_address(const Failure& failure) {
  return failure.code == ECOAUTH_ERROR_INVALID_ARGUMENT || failure.code == ECOAUTH_ERROR_WRONG_STATE;
}

/// RFC 7636 section 4.4.1: a server that demands PKCE says so in the description of invalid_request.
bool wants_pkce(const Failure& failure, const Arguments& arguments) {
  const std::string& words = failure.oauth_description;
  return arguments.flow == "code" && !arguments.pkce && failure.oauth_error == "invalid_request" &&
         (words.find("code_challenge") != std::string::npos || words.find("code challenge") != std::string::npos ||
          words.find("PKCE") != std::string::npos);
}

void complete_by_paste(Session& session, Output& output, const Signals& signals) {
  if (!has_terminal())
    throw Failure::usage(
        "there is no terminal to paste the redirected address into",
        "Name a file with --redirected-file, - for standard input; the address above stays good for a while.");
  output.say(
      "The browser is then sent to an address that begins with your redirect URI; whether a page shows there does not "
      "matter.");
  for (int i = 1;; ++i) {
    SecretText redirected;
    if (!read_line_from_terminal("Paste that whole address here (it is not shown): ", false, redirected, output,
                                 signals))
      throw Failure::usage("the terminal cannot be kept from showing what is pasted", "Use --redirected-file.");
    if (redirected.text.empty())
      throw Failure::interrupted(
          "Nothing was changed. Run the same command again; the address stays the same for a while.");
    try {
      return complete(session, std::move(redirected));
    } catch (const Failure& failure) {
      if (!was_wrong_address(failure) || i == tries_at_the_terminal) throw;
      output.report(failure);
    }
  }
}

}  // namespace

void authorize_by_browser(Session& session, const Arguments& arguments, Output& output, const Signals& signals) {
  try {
    const bool listens = arguments.redirected_file.empty() && RedirectListener::serves(arguments.redirect_uri);
    std::optional<RedirectListener> listener;
    if (listens) listener.emplace(arguments.redirect_uri);
    const std::string account = ecoauth_status_account_key(session.status().get());
    show(address_to_open(session, arguments), account, output);
    SecretText redirected;
    if (listener) {
      output.say("Waiting for the browser at " + arguments.redirect_uri + " (Ctrl-C: go on later) ...");
      redirected.text = listener->wait(signals);
    } else if (!arguments.redirected_file.empty()) {
      redirected.text = from_file(arguments.redirected_file, output, signals);
    } else {
      return complete_by_paste(session, output, signals);
    }
    complete(session, std::move(redirected));
  } catch (Failure& failure) {
    if (failure.code == ECOAUTH_ERROR_CANCELLED)
      failure.advice =
          "Nothing is lost. Run the same command again to go on; for a quarter of an hour the address stays the same.";
    if (was_wrong_address(failure)) failure.chosen_exit_code = exit_usage;
    if (wants_pkce(failure, arguments)) {
      failure.chosen_exit_code = exit_usage;
      failure.action = ECOAUTH_ACTION_FIX_CONFIG;
      failure.advice = "This server wants PKCE: run the same command with --pkce.";
    }
    throw;
  }
}

}  // namespace ecoauth::cli
