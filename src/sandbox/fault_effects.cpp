// What each fault does to an answer, or in its place.
#include "base/text.hpp"
#include "sandbox/api_stub.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/http_date.hpp"
#include "sandbox/token_endpoint.hpp"

namespace ecoauth::sandbox {

namespace {
Response page(int status) {
  Response response;
  response.status = status;
  response.content_type = "text/html;charset=UTF-8";
  response.body = "<!DOCTYPE html>\n<html><head><title>" + to_text(status) + "</title></head><body><h1>" +
                  to_text(status) + "</h1><p>Injected by the sandbox.</p></body></html>\n";
  return response;
}

Response of_status(const Fault& fault) {
  const auto status = static_cast<int>(fault.number("status"));
  if (fault.text("body") == "html") return page(status);
  if (fault.text("body") == "json")
    return Response::json(status, Json::object().set("message", "Injected by the sandbox."));
  Response response;
  response.status = status;
  response.content_type.clear();
  return response;
}

Response of_rate_limit(const Fault& fault, int64_t now_ms) {
  Response response = page(static_cast<int>(fault.number("status")));
  const int64_t wait_s = fault.number("retry_after_s");
  if (fault.text("form") == "seconds") response.headers.emplace_back("Retry-After", to_text(wait_s));
  if (fault.text("form") == "date") response.headers.emplace_back("Retry-After", http_date(now_ms + wait_s * 1000));
  return response;
}

Response of_redirect(const Fault& fault) {
  Response response = page(static_cast<int>(fault.number("status")));
  response.headers.emplace_back("Location", fault.text("to"));
  return response;
}

Response no_answer(bool reset) {
  Response response;
  response.close_unanswered = true;
  response.reset = reset;
  return response;
}

Json value_of(const std::string& text) {
  if (const auto number = parse_int(text)) return *number;
  if (text == "true" || text == "false") return text == "true";
  if (text == "null") return Json::null();
  return text;
}

void change_member(const Fault& fault, Json& json) {
  const std::string& name = fault.text("member");
  if (!fault.has("value"))
    json.erase(name);
  else if (Json* member = json.find(name))
    *member = value_of(fault.text("value"));
  else
    json.set(name, value_of(fault.text("value")));
}

/// Which unit it is in shows in the size, as clients have to tell them apart (protocol.md 3.2).
void flip_unit(Json& json) {
  Json* member = json.find("expires_in");
  const auto number = member ? parse_int(member->scalar()) : std::nullopt;
  if (number) *member = *number <= 60 ? *number * 60 : *number / 60;
}
}  // namespace

std::optional<Response> answer_of(const Fault& fault, int64_t now_ms) {
  if (fault.name == "http_status") return of_status(fault);
  if (fault.name == "oauth_error")
    return error_response(static_cast<int>(fault.number("status")), fault.text("error"), "Injected by the sandbox.");
  if (fault.name == "api_error") return api_error(static_cast<int>(fault.number("code")));
  if (fault.name == "rate_limit") return of_rate_limit(fault, now_ms);
  if (fault.name == "redirect") return of_redirect(fault);
  if (fault.name == "close" || fault.name == "reset") return no_answer(fault.name == "reset");
  return std::nullopt;
}

void distort(const Fault& fault, Response& response) {
  if (fault.name == "delay" && fault.text("when") == "after") response.hold_ms = fault.number("ms");
  if (fault.name == "drop_after_commit") {
    response.close_unanswered = true;
    response.reset = fault.text("how") == "reset";
  }
  if (fault.name == "truncate") {
    if (fault.text("announce") == "whole")
      response.truncate_bytes = fault.number("bytes");
    else
      response.body.resize(std::min<size_t>(response.body.size(), static_cast<size_t>(fault.number("bytes"))));
  }
  if (fault.name == "drip") {
    response.drip_bytes = fault.number("bytes");
    response.drip_every_ms = fault.number("every_ms");
  }
  if (fault.name != "member" && fault.name != "flip_unit") return;
  if (!response.content) return;
  if (fault.name == "member")
    change_member(fault, *response.content);
  else
    flip_unit(*response.content);
  response.body = response.content->pretty();
}

}  // namespace ecoauth::sandbox
