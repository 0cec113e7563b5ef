#include "client/brought_commands.hpp"

#include <ecoauth/account.h>

#include <string>
#include <utility>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "protocol/redirect.hpp"
#include "protocol/token_rules.hpp"

namespace ecoauth {
namespace {

constexpr size_t random_bytes =
    32;  // 43 characters: what RFC 7636 section 4.1 asks of a verifier, and more than a state needs

Secret drawn(Random& random) {
  std::string bytes = random.bytes(random_bytes);
  std::string text = to_base64url(bytes);
  Secret secret(text);
  wipe(bytes);
  wipe(text);
  return secret;
}

Command command_with(Command::Kind kind, std::shared_ptr<const Brought> brought) {
  Command command;
  command.kind = kind;
  command.brought = std::move(brought);
  return command;
}

}  // namespace

Result<Command> authorize_url_command(int32_t flow, std::string_view redirect_uri, const ClientConfig& config,
                                      Random& random) {
  if (auto wrong = check_redirect_uri(redirect_uri, is_loopback_host(config.origin.host))) return *wrong;
  auto brought = std::make_shared<Brought>();
  brought->pending.flow = flow == ECOAUTH_FLOW_UTILITY ? "utility" : "code";
  brought->pending.redirect_uri = redirect_uri;
  brought->pending.state = drawn(random);
  if (flow == ECOAUTH_FLOW_CODE_PKCE) brought->pending.verifier = drawn(random);
  return command_with(Command::Kind::authorize_url, std::move(brought));
}

Result<Command> redirect_command(std::string_view address) {
  auto redirect = parse_redirect(address);
  if (!redirect) return redirect.error();
  auto brought = std::make_shared<Brought>();
  brought->redirect = std::move(redirect.value());
  return command_with(Command::Kind::redirect, std::move(brought));
}

Result<Command> import_command(std::string_view refresh_token) {
  if (!good_refresh_token(refresh_token))
    return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT,
                      "`refresh_token`: it is longer than 4096 characters, or holds one that no refresh token has",
                      "Give the refresh token alone, without quotes or line ends.");
  auto brought = std::make_shared<Brought>();
  brought->refresh_token = Secret(refresh_token);
  return command_with(Command::Kind::import_token, std::move(brought));
}

}  // namespace ecoauth
