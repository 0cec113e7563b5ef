#include "sandbox/request_log.hpp"

#include <algorithm>
#include <ostream>
#include <set>

#include "base/secret.hpp"
#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace {
// Bounds, so that the log of a flood stays within some megabytes.
constexpr size_t max_entries = 10000;
constexpr size_t max_parameters = 16;
constexpr size_t max_clear_bytes = 80;

bool known_value(std::string_view name, std::string_view value) {
  static const std::set<std::string, std::less<>> grant_types{"ecobeePin", "refresh_token", "authorization_code"};
  static const std::set<std::string, std::less<>> response_types{"ecobeePin", "code", "token"};
  if (name == "grant_type") return grant_types.count(value) > 0;
  if (name == "response_type") return response_types.count(value) > 0;
  if (name == "ecobee_type" || name == "format") return value == "jwt" || value == "json";
  // A token is never as short as a scope of known words; anything else that stands here is hidden.
  if (name == "scope" && value.size() <= max_clear_bytes) {
    const std::vector<std::string> words = split(value, ", ");
    return std::all_of(words.begin(), words.end(), [](const std::string& word) {
      return equals_ignoring_case(word, "smartRead") || equals_ignoring_case(word, "smartWrite") ||
             equals_ignoring_case(word, "ems") || word == "openid" || word == "offline_access";
    });
  }
  return false;
}

std::vector<std::pair<std::string, std::string>> described(const Params& params) {
  static const std::set<std::string, std::less<>> known_names{"grant_type",
                                                              "response_type",
                                                              "client_id",
                                                              "client_secret",
                                                              "code",
                                                              "refresh_token",
                                                              "scope",
                                                              "ecobee_type",
                                                              "format",
                                                              "redirect_uri",
                                                              "state",
                                                              "code_challenge",
                                                              "code_challenge_method",
                                                              "code_verifier",
                                                              "timeout",
                                                              "json"};
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [name, value] : params.all()) {
    if (out.size() == max_parameters) break;
    const bool known = known_names.count(name) > 0;
    out.emplace_back(known ? name : "(other)", value.empty()              ? ""
                                               : known_value(name, value) ? value
                                                                          : Secret(value).fingerprint());
  }
  return out;
}

/// The scheme stays readable, the credential does not.
std::string described_authorization(const std::string& header) {
  if (header.empty()) return "";
  const size_t space = header.find(' ');
  const bool bearer = header.substr(0, space) == "Bearer" && space != std::string::npos;
  return bearer ? "Bearer " + Secret(header.substr(space + 1)).fingerprint()
                : "(other) " + Secret(header).fingerprint();
}

Json as_json(const std::vector<std::pair<std::string, std::string>>& params) {
  Json object = Json::object();
  for (const auto& [name, value] : params) object.set(name, value);
  return object;
}
}  // namespace

int64_t RequestLog::begin(const Request& request, Endpoint endpoint, int64_t sandbox_ms, int64_t real_ms) {
  Entry entry;
  entry.number = ++last_;
  entry.sandbox_ms = sandbox_ms;
  entry.real_ms = real_ms;
  entry.endpoint = endpoint;
  entry.connection = request.connection;
  static const std::set<std::string, std::less<>> methods{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"};
  entry.method = methods.count(request.method) ? request.method : "(other)";
  entry.path = endpoint == Endpoint::other ? "(other)" : request.path;
  entry.user_agent = printable(request.user_agent, 120);
  entry.authorization = described_authorization(request.authorization);
  entry.content_type = printable(request.content_type, 80);
  // The portal's and the control API's forms hold PINs, of which not even a fingerprint may be kept: they are too
  // short.
  if (endpoint == Endpoint::authorize || endpoint == Endpoint::token || endpoint == Endpoint::api) {
    entry.query = described(request.query);
    entry.form = described(request.form);
  }
  entries_.push_back(std::move(entry));
  if (entries_.size() > max_entries) entries_.pop_front();
  return last_;
}

void RequestLog::end(int64_t number, const Response& response, const std::string& outcome, const std::string& fault,
                     int64_t real_ms) {
  for (auto each = entries_.rbegin(); each != entries_.rend(); ++each) {
    if (each->number != number) continue;
    each->status = response.close_unanswered ? 0 : response.status;
    each->outcome = outcome;
    each->fault = fault;
    each->answered_ms = real_ms;
    if (lines_) *lines_ << as_json_entry(*each).line() << std::endl;
    return;
  }
}

Json RequestLog::as_json_entry(const Entry& from) {
  Json entry = Json::object();
  entry.set("number", from.number).set("endpoint", endpoint_name(from.endpoint)).set("method", from.method);
  entry.set("path", from.path).set("query", as_json(from.query)).set("form", as_json(from.form));
  entry.set("authorization", from.authorization).set("user_agent", from.user_agent);
  entry.set("content_type", from.content_type).set("connection", from.connection);
  entry.set("sandbox_ms", from.sandbox_ms).set("received_ms", from.real_ms).set("answered_ms", from.answered_ms);
  entry.set("status", from.status).set("outcome", from.outcome).set("fault", from.fault);
  return entry;
}

Json RequestLog::describe(int64_t after) const {
  Json list = Json::array();
  for (const Entry& each : entries_)
    if (each.number > after) list.push(as_json_entry(each));
  return Json::object().set("requests", std::move(list)).set("last", last_);
}

}  // namespace ecoauth::sandbox
