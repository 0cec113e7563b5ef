#include "sandbox/switches.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace {
template <auto Field>
Json get(const Settings& settings) {
  using Value = std::decay_t<decltype(settings.*Field)>;
  if constexpr (std::is_same_v<Value, bool> || std::is_same_v<Value, std::string>)
    return {settings.*Field};
  else
    return {static_cast<int64_t>(settings.*Field)};
}

template <auto Field>
void set(Settings& settings, std::string_view text) {
  using Value = std::decay_t<decltype(settings.*Field)>;
  if constexpr (std::is_same_v<Value, bool>)
    settings.*Field = text == "true";
  else if constexpr (std::is_same_v<Value, std::string>)
    settings.*Field = std::string(text);
  else
    settings.*Field = static_cast<Value>(*parse_int(text));
}

template <auto Field>
Switch number(const char* name, const char* option, const char* takes, int64_t low, int64_t high, const char* words,
              int64_t option_unit = 1) {
  return {name, option, takes, words, {}, low, high, option_unit, get<Field>, set<Field>};
}

template <auto Field>
Switch flag(const char* name, const char* option, const char* words, const char* option_words = nullptr) {
  Switch made{name, option, nullptr, words, {"true", "false"}, 0, 0, 1, get<Field>, set<Field>};
  if (option_words) made.option_words = option_words;
  return made;
}

template <auto Field>
Switch choice(const char* name, const char* option, const char* takes, std::vector<std::string> values,
              const char* words) {
  return {name, option, takes, words, std::move(values), 0, 0, 1, get<Field>, set<Field>};
}

std::vector<Switch> all_switches() {
  return {
      {"refresh", "--refresh-policy", "POLICY", "what becomes of a used refresh token (reusable; legacy: strict)",
       split(policy_names(","), ","), 0, 0, 1,
       [](const Settings& settings) { return Json(policy_name(settings.policy)); },
       [](Settings& settings, std::string_view text) { settings.policy = *policy_named(text); }},
      number<&Settings::grace_s>("grace_s", "--grace", "SECONDS", 0, 86400, "grace of the policies that know one (30)"),
      flag<&Settings::refresh_kills_access>("kill_access", "--keep-old-access",
                                            "a refresh ends the access token before it (true)",
                                            "a refresh leaves the previous access token alive"),
      number<&Settings::refresh_idle_s>("refresh_idle_s", "--refresh-days", "DAYS", 0, 36500LL * 86400,
                                        "how long an unused refresh token lives; 0: for ever (30 days; legacy: 365)",
                                        86400),
      flag<&Settings::takes_legacy_tokens>(
          "legacy_tokens", "--refuse-legacy-tokens",
          "the current service takes refresh tokens that the legacy one gave out (true)",
          "the current service refuses refresh tokens that the legacy one gave out"),
      number<&Settings::access_life_s>("access_life_s", "--access-seconds", "SECONDS", 1, 10000000,
                                       "life of an access token (3600; legacy: 3599)"),
      number<&Settings::jwt_bytes>("jwt_bytes", "--jwt-bytes", "BYTES", 0, 7168,
                                   "pad access tokens to at least this length (0; current only)"),
      choice<&Settings::pin_length>("pin_length", "--pin-length", "N", {"4", "9", "10"},
                                    "characters of a PIN, XXXX-XXXX being 9 (9; legacy: 4)"),
      number<&Settings::pin_life_s>("pin_life_s", "--pin-seconds", "SECONDS", 1, 86400,
                                    "life of a PIN (900; legacy: 540)"),
      {"pin_unit",
       "--pin-unit",
       "UNIT",
       "in what /authorize tells the life of a PIN (seconds; legacy: minutes)",
       {"seconds", "minutes"},
       0,
       0,
       1,
       [](const Settings& settings) { return Json(settings.pin_life_in_minutes ? "minutes" : "seconds"); },
       [](Settings& settings, std::string_view text) { settings.pin_life_in_minutes = text == "minutes"; }},
      number<&Settings::interval_s>("interval_s", "--interval", "SECONDS", 0, 3600,
                                    "time to wait between polls (5; legacy: 30)"),
      {"expired",
       "--expired-as",
       "ERROR",
       "answer for an expired PIN's code (invalid_grant; legacy: authorization_expired)",
       {"invalid_grant", "authorization_expired"},
       0,
       0,
       1,
       [](const Settings& settings) {
         return Json(settings.expired_is_invalid_grant ? "invalid_grant" : "authorization_expired");
       },
       [](Settings& settings, std::string_view text) { settings.expired_is_invalid_grant = text == "invalid_grant"; }},
      number<&Settings::pending_status>("pending_status", "--pending-status", "STATUS", 400, 599,
                                        "HTTP status of authorization_pending (401)"),
      number<&Settings::slow_down_status>("slow_down_status", "--slow-down-status", "STATUS", 400, 599,
                                          "HTTP status of slow_down (401)"),
      flag<&Settings::get_token_allowed>("get_token", "--allow-get-token", "take GET on /token (false)"),
      choice<&Settings::bad_client>("bad_client", "--bad-client-as", "KIND", {"json", "html", "no-code"},
                                    "what /authorize answers to a wrong application key (json)"),
      number<&Settings::rate_limit>("rate_limit", "--rate-limit", "N", 0, 1000000,
                                    "requests a minute that /token takes from one application, then 429; 0: all (0)"),
      choice<&Settings::api_expired_code>("api_expired", "--api-expired-code", "CODE", {"14", "1"},
                                          "status code of the thermostat API for an expired access token (14)"),
      choice<&Settings::api_removed_code>(
          "api_removed", "--api-removed-code", "CODE", {"16", "2"},
          "status code of the thermostat API after the user removed the application (16)"),
      number<&Settings::code_life_s>("code_life_s", "--code-seconds", "SECONDS", 1, 86400,
                                     "life of a browser's code (600)"),
      flag<&Settings::any_redirect>("any_redirect", "--any-redirect",
                                    "take redirect addresses that ecobee refuses: ports, queries, http to this machine "
                                    "(false)"),
      flag<&Settings::redirect_prefix>("redirect_prefix", "--redirect-prefix",
                                       "a registered redirect address covers all that begin with it (false)"),
      flag<&Settings::requires_state>("require_state", "--require-state",
                                      "/authorize refuses browsers that bring no state (false)"),
      flag<&Settings::requires_pkce>("require_pkce", "--require-pkce",
                                     "/authorize refuses to give a code without a code_challenge (false)"),
      choice<&Settings::content_type>("content_type", "--content-type", "TYPE",
                                      {"application/json;charset=UTF-8", "application/json", "text/plain", "none"},
                                      "Content-Type of JSON answers (application/json;charset=UTF-8)"),
      flag<&Settings::no_store>("no_store", "--cacheable", "JSON answers carry Cache-Control: no-store (true)",
                                "JSON answers carry no Cache-Control"),
  };
}
}  // namespace

std::string Switch::complaint(std::string_view text) const {
  if (!values.empty()) {
    if (std::find(values.begin(), values.end(), text) != values.end()) return "";
    std::string all;
    for (size_t i = 0; i < values.size(); ++i)
      all += (i == 0 ? "" : i + 1 == values.size() ? " or " : ", ") + values[i];
    return "must be " + all;
  }
  const auto value = parse_int(text);
  if (value && *value >= low && *value <= high) return "";
  return "must be a number from " + to_text(low) + " to " + to_text(high);
}

const std::vector<Switch>& switches() {
  static const std::vector<Switch> all = all_switches();
  return all;
}

Json values_of_switches(const Settings& settings) {
  Json values = Json::object();
  for (const Switch& each : switches()) values.set(each.name, each.get(settings));
  return values;
}

Json describe_switches(const Settings& settings) {
  Json list = Json::array();
  for (const Switch& each : switches()) {
    Json entry = Json::object();
    entry.set("name", each.name).set("option", each.option).set("words", each.words).set("value", each.get(settings));
    if (each.values.empty()) {
      entry.set("low", each.low).set("high", each.high);
    } else {
      Json values = Json::array();
      for (const std::string& value : each.values) values.push(value);
      entry.set("values", std::move(values));
    }
    list.push(std::move(entry));
  }
  return list;
}

}  // namespace ecoauth::sandbox
