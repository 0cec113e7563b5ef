#include "protocol/redirect.hpp"

#include <algorithm>
#include <utility>

#include "base/origin.hpp"
#include "base/text.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/token_rules.hpp"

namespace ecoauth {
namespace {

constexpr size_t longest_redirect_uri_bytes = 255;
constexpr const char* again = "Begin again, open the new address, and give back the whole address that it ends at.";

/// A web address in pieces.
struct Place {
  std::string scheme;     ///< small
  std::string host;       ///< small, with the brackets of an IPv6 address
  std::string_view port;  ///< empty when there is none
  std::string_view path;  ///< from the first "/" on, without query and fragment
  std::string_view rest;  ///< from "?" or "#" on
};

std::optional<Place> take_apart(std::string_view address) {
  const size_t separator = address.find("://");
  if (separator == std::string_view::npos) return std::nullopt;
  Place place;
  place.scheme = lower_ascii(address.substr(0, separator));
  if (place.scheme != "https" && place.scheme != "http") return std::nullopt;
  std::string_view rest = address.substr(separator + 3);
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  rest.remove_prefix(authority.size());
  place.path = rest.substr(0, rest.find_first_of("?#"));
  place.rest = rest.substr(place.path.size());
  if (authority.find_first_of("@\\") != std::string_view::npos) return std::nullopt;
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    place.port = authority.substr(colon + 1);
    const auto number = parse_int(place.port);
    if (!number || *number < 1 || *number > 65535) return std::nullopt;
    authority = authority.substr(0, colon);
  }
  place.host = lower_ascii(authority);
  if (place.host.empty()) return std::nullopt;
  return place;
}

bool is_this_machine(const Place& place) {
  std::string_view host = place.host;
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return is_loopback_host(host);
}

Error bad_redirect_uri(const std::string& why) {
  return make_error(
      ECOAUTH_ERROR_INVALID_ARGUMENT, "`redirect_uri`: " + why,
      "Give the address that was registered for the application key: https, no port, no query, at most 255 "
      "characters.");
}

Error bad_address(const std::string& why) {
  return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, "the redirected address is not usable: " + why,
                    "Give the whole address that the browser ended at, from https:// to its last character.");
}

/// The fields of a redirect that a parameter may fill.
struct Fields {
  explicit Fields(Redirect& redirect)
      : secrets{{"state", &redirect.state}, {"code", &redirect.code}, {"access_token", &redirect.access_token}},
        texts{{"token_type", &redirect.token_type},
              {"expires_in", &redirect.expires_in},
              {"scope", &redirect.scope},
              {"error", &redirect.error},
              {"error_description", &redirect.error_description},
              {"error_uri", &redirect.error_uri}} {}

  std::pair<std::string_view, Secret*> secrets[3];
  std::pair<std::string_view, std::string*> texts[6];
};

/// Takes "name=value&..."; what is wrong with it, or nothing.
std::optional<Error> take_parameters(std::string_view parameters, Fields& fields) {
  while (!parameters.empty()) {
    const std::string_view one = parameters.substr(0, parameters.find('&'));
    parameters.remove_prefix(std::min(parameters.size(), one.size() + 1));
    const size_t equals = one.find('=');
    const std::string_view name = one.substr(0, equals);
    const std::string_view raw = equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1);
    const auto value_of = [&] { return percent_decode(raw, true); };
    for (auto& [known, secret] : fields.secrets) {
      if (name != known) continue;
      if (!secret->empty()) return bad_address("it says \"" + std::string(known) + "\" twice");
      auto value = value_of();
      if (!value) return bad_address("its \"" + std::string(known) + "\" is damaged");
      *secret = Secret(*value);
      wipe(*value);
    }
    for (auto& [known, text] : fields.texts) {
      if (name != known) continue;
      if (!text->empty()) return bad_address("it says \"" + std::string(known) + "\" twice");
      auto value = value_of();
      if (!value) return bad_address("its \"" + std::string(known) + "\" is damaged");
      *text = std::move(*value);
    }
  }
  return std::nullopt;
}

/// The parameters as what they are called after: members of an answer.
AnswerJson as_members(const Redirect& redirect) {
  AnswerJson members;
  const auto set = [](JsonMember& member, std::string_view text) {
    if (text.empty()) return;
    member.kind = JsonMember::Kind::text;
    member.text = Secret(text);
  };
  set(members.access_token, redirect.access_token.reveal());
  set(members.token_type, redirect.token_type);
  set(members.expires_in, redirect.expires_in);
  set(members.scope, redirect.scope);
  set(members.error, redirect.error);
  set(members.error_description, redirect.error_description);
  set(members.error_uri, redirect.error_uri);
  return members;
}

Error foreign(int32_t code, const std::string& what, const char* advice = again) {
  Error error = make_error(code, what, advice);
  error.action = ECOAUTH_ACTION_REAUTHORIZE;
  return error;
}

}  // namespace

std::optional<Error> check_redirect_uri(std::string_view redirect_uri, bool loopback_server) {
  if (redirect_uri.size() > longest_redirect_uri_bytes) return bad_redirect_uri("it has more than 255 characters");
  if (redirect_uri.find_first_of(" \"<>\\") != std::string_view::npos)
    return bad_redirect_uri("it holds a character that an address must not");
  const auto place = take_apart(redirect_uri);
  if (!place) return bad_redirect_uri("it is no https address");
  if (!place->rest.empty()) return bad_redirect_uri("it has a query or a fragment");
  if (place->scheme == "http" && !(loopback_server && is_this_machine(*place)))
    return bad_redirect_uri("plain http is for this machine only, and towards a server on it only");
  if (!place->port.empty() && !loopback_server) return bad_redirect_uri("ecobee allows no port in it");
  return std::nullopt;
}

std::string normal_place(std::string_view address) {
  const auto place = take_apart(address);
  if (!place) return {};
  const bool usual = place->port.empty() || place->port == (place->scheme == "https" ? "443" : "80");
  return place->scheme + "://" + place->host + (usual ? "" : ":" + std::string(place->port)) +
         (place->path.empty() ? "/" : std::string(place->path));
}

Result<Redirect> parse_redirect(std::string_view address) {
  address = trim(address);
  const auto place = take_apart(address);
  if (!place) return bad_address("it is no web address");
  Redirect redirect;
  redirect.place = normal_place(address);
  const size_t hash = place->rest.find('#');
  std::string_view query = place->rest.substr(0, hash);
  if (!query.empty()) query.remove_prefix(1);
  Fields fields(redirect);
  if (auto wrong = take_parameters(query, fields)) return *wrong;
  if (hash != std::string_view::npos)
    if (auto wrong = take_parameters(place->rest.substr(hash + 1), fields)) return *wrong;
  return redirect;
}

std::optional<Error> redirect_mismatch(const Redirect& redirect, const Pending& pending) {
  if (redirect.state.empty()) return bad_address("it has no \"state\", so it cannot be told whose answer it is");
  if (!redirect.state.equals(pending.state))
    return foreign(ECOAUTH_ERROR_WRONG_STATE,
                   "the redirected address belongs to another or an older authorization (its \"state\" is not ours)");
  if (redirect.place != normal_place(pending.redirect_uri))
    return bad_address("it is not at the redirect_uri that the authorization was begun with");
  if (!redirect.error.empty()) return std::nullopt;
  const bool utility = pending.flow == "utility";
  if ((utility ? redirect.access_token : redirect.code).empty())
    return bad_address(utility ? "it has no \"access_token\"; browsers show it behind a \"#\"" : "it has no \"code\"");
  if (!utility && !good_token(redirect.code.reveal(), browser_code_limit_bytes))
    return bad_address("its \"code\" is damaged");
  return std::nullopt;
}

std::optional<Classified> redirect_answer(const Redirect& redirect, const Pending& pending) {
  if (redirect.error.empty() && pending.flow != "utility") return std::nullopt;
  Classified answer =
      classify_redirect(as_members(redirect), {&redirect.state, &redirect.code, &redirect.access_token});
  if (redirect.error.empty() && !answer.token)
    answer.error = foreign(ECOAUTH_ERROR_PROTOCOL, "the redirected address has no usable access token");
  return answer;
}

}  // namespace ecoauth
