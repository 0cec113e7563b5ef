#include "sandbox/faults.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "sandbox/token_endpoint.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr size_t max_faults = 256;

/// Reads a number in [low, high] into `out`; complains into `wrong`.
void read_number(const Request& request, const char* name, int64_t low, int64_t high, int64_t& out,
                 std::string& wrong) {
  if (!request.query.has(name) && !request.form.has(name)) return;
  const auto number = parse_int(request.param(name));
  if (!number || *number < low || *number > high)
    wrong = std::string(name) + " must be a number from " + to_text(low) + " to " + to_text(high);
  else
    out = *number;
}

bool takes(const std::string& fault, std::string_view parameter) {
  if (parameter == "name" || parameter == "count" || parameter == "at") return true;
  if (fault == "http_status") return parameter == "status" || parameter == "body";
  if (fault == "oauth_error") return parameter == "status" || parameter == "error";
  if (fault == "delay") return parameter == "ms";
  if (fault == "truncate") return parameter == "bytes";
  return false;
}
}  // namespace

const char* endpoint_name(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::authorize:
      return "authorize";
    case Endpoint::token:
      return "token";
    case Endpoint::api:
      return "api";
    case Endpoint::portal:
      return "portal";
    case Endpoint::control:
      return "control";
    case Endpoint::other:
      break;
  }
  return "other";
}

bool same_kind(const Fault& a, const Fault& b) {
  return a.name == b.name && a.at == b.at && a.status == b.status && a.delay_ms == b.delay_ms && a.bytes == b.bytes &&
         a.body == b.body && a.error == b.error;
}

std::string FaultBook::parse(const Request& request, Fault& fault) {
  fault.name = std::string(request.param("name"));
  if (fault.name != "http_status" && fault.name != "oauth_error" && fault.name != "reset" && fault.name != "delay" &&
      fault.name != "truncate" && fault.name != "drop_after_commit")
    return "unknown fault; known are http_status, oauth_error, reset, delay, truncate, drop_after_commit";
  for (const Params* params : {&request.query, &request.form})
    for (const auto& each : params->all())
      if (!takes(fault.name, each.first))
        return "fault " + fault.name + " takes no parameter " + printable(each.first, 40);

  std::string wrong;
  read_number(request, "count", -1, 1000000, fault.left, wrong);
  if (fault.left == 0) wrong = "count must not be 0; -1 means until deleted";
  const std::string_view at = request.param("at");
  if (at == "token")
    fault.at = Endpoint::token;
  else if (at == "authorize")
    fault.at = Endpoint::authorize;
  else if (at == "api")
    fault.at = Endpoint::api;
  else if (!at.empty())
    wrong = "at must be token, authorize or api";

  if (fault.name == "http_status") {
    read_number(request, "status", 200, 599, fault.status, wrong);
    if (!fault.status && wrong.empty()) wrong = "http_status needs status";
    fault.body = std::string(request.param("body"));
    if (fault.body.empty()) fault.body = "html";
    if (fault.body != "html" && fault.body != "empty" && fault.body != "json")
      wrong = "body must be html, empty or json";
  } else if (fault.name == "oauth_error") {
    fault.status = 400;
    read_number(request, "status", 200, 599, fault.status, wrong);
    fault.error = printable(request.param("error"), 64);
    if (fault.error.empty()) wrong = "oauth_error needs error";
    if (!fault.at) fault.at = Endpoint::token;
  } else if (fault.name == "delay") {
    read_number(request, "ms", 1, 600000, fault.delay_ms, wrong);
    if (!fault.delay_ms && wrong.empty()) wrong = "delay needs ms";
  } else if (fault.name == "truncate") {
    fault.bytes = -1;
    read_number(request, "bytes", 0, 1000000, fault.bytes, wrong);
    if (fault.bytes < 0 && wrong.empty()) wrong = "truncate needs bytes";
  }
  return wrong;
}

std::string FaultBook::add(const Request& request) {
  Fault fault;
  std::string wrong = parse(request, fault);
  if (faults_.size() >= max_faults) wrong = "too many faults are waiting; delete them first";
  if (wrong.empty()) faults_.push_back(std::move(fault));
  return wrong;
}

void FaultBook::remove(const Fault& kind) {
  faults_.erase(
      std::remove_if(faults_.begin(), faults_.end(), [&](const Fault& each) { return same_kind(each, kind); }),
      faults_.end());
}

int FaultBook::clear() {
  const auto count = static_cast<int>(faults_.size());
  faults_.clear();
  return count;
}

std::optional<Fault> FaultBook::take(Endpoint endpoint) {
  if (endpoint != Endpoint::authorize && endpoint != Endpoint::token && endpoint != Endpoint::api) return std::nullopt;
  for (auto each = faults_.begin(); each != faults_.end(); ++each) {
    if (each->at && *each->at != endpoint) continue;
    Fault taken = *each;
    if (each->left > 0 && --each->left == 0) faults_.erase(each);
    return taken;
  }
  return std::nullopt;
}

Json FaultBook::describe() const {
  Json list = Json::array();
  for (const Fault& each : faults_) {
    Json entry = Json::object();
    entry.set("name", each.name).set("at", each.at ? endpoint_name(*each.at) : "any").set("count", each.left);
    if (each.status) entry.set("status", each.status);
    if (!each.error.empty()) entry.set("error", each.error);
    if (!each.body.empty()) entry.set("body", each.body);
    if (each.delay_ms) entry.set("ms", each.delay_ms);
    if (each.name == "truncate") entry.set("bytes", each.bytes);
    list.push(std::move(entry));
  }
  return list;
}

std::optional<Response> answer_of(const Fault& fault) {
  Response response;
  if (fault.name == "oauth_error")
    return error_response(static_cast<int>(fault.status), fault.error, "Injected by the sandbox.");
  if (fault.name == "http_status") {
    response.status = static_cast<int>(fault.status);
    if (fault.body == "json") {
      response = Response::json(response.status, Json::object().set("message", "Injected by the sandbox."));
    } else if (fault.body == "html") {
      response.content_type = "text/html;charset=UTF-8";
      response.body = "<!DOCTYPE html>\n<html><head><title>" + to_text(fault.status) + "</title></head><body><h1>" +
                      to_text(fault.status) + "</h1><p>Injected by the sandbox.</p></body></html>\n";
    } else {
      response.content_type.clear();
    }
    return response;
  }
  if (fault.name == "reset") {
    response.reset = true;
    response.close_unanswered = true;
    return response;
  }
  return std::nullopt;
}

void distort(const Fault& fault, Response& response) {
  if (fault.name == "drop_after_commit") response.close_unanswered = true;
  if (fault.name == "truncate") response.truncate_bytes = fault.bytes;
}

}  // namespace ecoauth::sandbox
