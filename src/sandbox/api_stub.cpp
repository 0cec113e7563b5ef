#include "sandbox/api_stub.hpp"

#include "base/text.hpp"
#include "sandbox/scopes.hpp"

namespace ecoauth::sandbox {

namespace {
Json status_of(int code, const char* message) { return Json::object().set("code", code).set("message", message); }

const char* message_of(int code) {
  switch (code) {
    case 1:
      return "Authentication failed.";
    case 2:
      return "Not authorized. Application has been revoked.";
    case 14:
      return "Authentication token has expired. Refresh your tokens.";
    case 16:
      return "Invalid token. Token has been deauthorized by user. You must re-request authorization.";
    case 3:
      return "Processing error.";
    default:
      return "Unexpected error. Contact support.";
  }
}

Response refused(int code, std::string& outcome, const char* message = nullptr) {
  outcome = "status " + to_text(code);
  return api_error(code, message);
}

Response api_ok(Json json, std::string& outcome) {
  outcome = "status 0";
  return Response::json(200, json.set("status", status_of(0, "")));
}

Json page() { return Json::object().set("page", 1).set("totalPages", 1).set("pageSize", 1).set("total", 1); }

Json thermostat() {
  return Json::object()
      .set("identifier", "411912345678")
      .set("name", "Sandbox")
      .set("thermostatRev", "200101000000")
      .set("isRegistered", true)
      .set("modelNumber", "athenaSmart")
      .set("brand", "ecobee")
      .set("runtime", Json::object().set("connected", true).set("actualTemperature", 703).set("actualHumidity", 42));
}
}  // namespace

Response api_error(int code, const char* message) {
  return Response::json(500, Json::object().set("status", status_of(code, message ? message : message_of(code))));
}

Response answer_api(World& world, const Request& request, std::string& outcome) {
  std::string_view header = request.authorization;
  if (!starts_with(header, "Bearer ")) return refused(1, outcome);
  const AccessVerdict verdict = world.authorizations.check_access(Secret(trim(header.substr(7))), world.clock.now_ms());
  if (verdict.code != 0) return refused(verdict.code, outcome);

  if (request.path == "/1/thermostatSummary" && request.method == "GET")
    return api_ok(
        Json::object()
            .set("thermostatCount", 1)
            .set("revisionList",
                 Json::array().push("411912345678:Sandbox:true:200101000000:200101000000:200101000000:200101000000"))
            .set("statusList", Json::array().push("411912345678:")),
        outcome);
  if (request.path == "/1/thermostat" && request.method == "GET")
    return api_ok(Json::object().set("page", page()).set("thermostatList", Json::array().push(thermostat())), outcome);
  if (request.path == "/1/thermostat" && request.method == "POST") {
    if (!may_write(verdict.grant->scope)) return refused(2, outcome, "Not authorized.");
    return api_ok(Json::object(), outcome);
  }
  return refused(3, outcome);
}

}  // namespace ecoauth::sandbox
