#include "sandbox/fault_kinds.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr int64_t month_s = 31 * 86400;

const std::vector<Endpoint> everywhere{Endpoint::authorize, Endpoint::token, Endpoint::api};

FaultParameter number(const char* name, int64_t low, int64_t high, const char* preset, const char* words) {
  return {name, words, low, high, {}, preset};
}
FaultParameter choice(const char* name, std::vector<std::string> values, const char* words) {
  return {name, words, 0, 0, std::move(values), nullptr};
}
FaultParameter text(const char* name, const char* preset, const char* words) { return {name, words, 0, 0, {}, preset}; }

Json described(const FaultParameter& each) {
  Json entry = Json::object();
  entry.set("name", each.name).set("words", each.words).set("required", !each.preset && each.values.empty());
  if (each.is_number()) entry.set("low", each.low).set("high", each.high);
  if (!each.values.empty()) {
    Json values = Json::array();
    for (const std::string& value : each.values) values.push(value);
    entry.set("values", std::move(values));
    if (!each.preset) entry.set("default", each.values.front());
  } else if (each.preset && *each.preset) {
    entry.set("default", each.is_number() ? Json(*parse_int(each.preset)) : Json(each.preset));
  }
  return entry;
}

Json described(const std::vector<FaultParameter>& all) {
  Json list = Json::array();
  for (const FaultParameter& each : all) list.push(described(each));
  return list;
}
}  // namespace

std::string FaultParameter::complaint(std::string_view text) const {
  if (is_number()) {
    const auto value = parse_int(text);
    if (value && *value >= low && *value <= high) return "";
    return std::string(name) + " must be a number from " + to_text(low) + " to " + to_text(high);
  }
  if (values.empty() || std::find(values.begin(), values.end(), text) != values.end()) return "";
  std::string all;
  for (const std::string& each : values) all += (all.empty() ? "" : ", ") + each;
  return std::string(name) + " must be one of " + all;
}

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kinds{
      {"http_status",
       "answers with this HTTP status instead of acting: an outage, a gateway's page, a captive portal, an empty "
       "answer",
       everywhere,
       {number("status", 200, 599, nullptr, "the status"),
        choice("body", {"html", "empty", "json"}, "what comes with it")}},
      {"oauth_error",
       "answers with this error instead of acting: an invalid_grant or invalid_client without reason",
       {Endpoint::token, Endpoint::authorize},
       {text("error", nullptr, "the error's name"), number("status", 200, 599, "400", "the HTTP status")}},
      {"api_error",
       "the thermostat API answers with this status code instead of acting: 14 before the token has expired, 16 or 2 "
       "although nobody revoked anything",
       {Endpoint::api},
       {number("code", 1, 99, nullptr, "the status code; it comes with HTTP 500")}},
      {"rate_limit",
       "answers that there were too many requests, instead of acting",
       everywhere,
       {number("retry_after_s", 0, 86400, "30", "how long to wait"),
        choice("form", {"seconds", "date", "none"}, "how Retry-After says it"),
        number("status", 400, 599, "429", "the HTTP status")}},
      {"redirect",
       "sends the client elsewhere instead of acting, as captive portals do",
       everywhere,
       {number("status", 300, 399, "302", "the HTTP status"), text("to", "/consumerportal/index.html", "the address")}},
      {"close", "closes the connection instead of acting and answering", everywhere, {}},
      {"reset", "resets the connection instead of acting and answering", everywhere, {}},
      {"delay",
       "waits before it acts, or acts and waits before it answers",
       everywhere,
       {number("ms", 1, 600000, nullptr, "how long, in real milliseconds"),
        choice("when", {"before", "after"}, "acting")}},
      {"drop_after_commit",
       "acts, but the answer is lost: the connection ends instead",
       everywhere,
       {choice("how", {"close", "reset"}, "how it ends")}},
      {"truncate",
       "acts, but sends the beginning of the answer alone",
       everywhere,
       {number("bytes", 0, 1000000, nullptr, "how much of it"),
        choice("announce", {"whole", "cut"},
               "what Content-Length says: the whole, so that the cut shows, or the cut")}},
      {"drip",
       "acts, and sends the answer in small pieces",
       everywhere,
       {number("bytes", 1, 65536, "1", "size of a piece"),
        number("every_ms", 1, 60000, "50", "time between pieces, in real milliseconds")}},
      {"member",
       "acts, but one member of the answer is left out or has another value",
       {Endpoint::token, Endpoint::authorize},
       {text("member", nullptr, "its name"), text("value", "", "the other value; without it the member is left out")}},
      {"flip_unit",
       "acts, but tells expires_in in the other unit: minutes for seconds, or seconds for minutes",
       {Endpoint::token, Endpoint::authorize},
       {}},
      {"narrow_scope",
       "acts, but the grant has this scope from now on, whatever was asked for",
       {Endpoint::token},
       {text("scope", "smartRead", "the scope")}},
      {"duplicate",
       "acts, and later acts on the same request once more, as if the network had delivered it twice; nobody gets the "
       "second answer",
       {Endpoint::token, Endpoint::authorize},
       {number("late_s", 0, month_s, "0", "how much later")}},
  };
  return kinds;
}

const FaultKind* fault_kind(std::string_view name) {
  for (const FaultKind& each : fault_kinds())
    if (each.name == name) return &each;
  return nullptr;
}

const std::vector<FaultParameter>& common_fault_parameters() {
  static const std::vector<FaultParameter> all{
      {"at", "the only place where it strikes; wherever it can when left out", 0, 0, {"token", "authorize", "api"}, ""},
      {"grant_type",
       "at /token: the only requests it strikes",
       0,
       0,
       {"ecobeePin", "authorization_code", "refresh_token"},
       ""},
      number("count", -1, 1000000, "", "how many requests; -1: all until it is deleted (1, or -1 with for_s)"),
      number("skip", 0, 1000000, "0", "how many requests it lets pass first"),
      number("after_s", 0, month_s, "0", "begins so much later"),
      number("for_s", 1, month_s, "", "ends so long after it began: an outage"),
  };
  return all;
}

Json describe_fault_kinds() {
  Json list = Json::array();
  for (const FaultKind& each : fault_kinds()) {
    Json at = Json::array();
    for (const Endpoint where : each.at) at.push(endpoint_name(where));
    list.push(Json::object()
                  .set("name", each.name)
                  .set("words", each.words)
                  .set("at", std::move(at))
                  .set("parameters", described(each.parameters)));
  }
  return Json::object().set("faults", std::move(list)).set("common", described(common_fault_parameters()));
}

}  // namespace ecoauth::sandbox
