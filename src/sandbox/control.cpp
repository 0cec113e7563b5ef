#include "sandbox/control.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "sandbox/browser_grant.hpp"
#include "sandbox/fault_kinds.hpp"
#include "sandbox/gate.hpp"
#include "sandbox/portal_files.hpp"
#include "sandbox/switches.hpp"

namespace ecoauth::sandbox {

namespace {
using Handler = Response (*)(World&, const Request&);

Response bad(const std::string& message) { return control_error(400, "invalid_request", message); }

/// The first parameter that is none of `known`, else empty.
std::string unknown_parameter(const Request& request, std::initializer_list<std::string_view> known) {
  for (const Params* params : {&request.query, &request.form})
    for (const auto& each : params->all())
      if (std::find(known.begin(), known.end(), each.first) == known.end()) return each.first;
  return "";
}

Response no_such_parameter(const std::string& name) { return bad("unknown parameter " + printable(name, 40)); }

Response decide(World& world, const Request& request, PinState decision) {
  const std::string unknown = unknown_parameter(request, {"pin", "all"});
  if (!unknown.empty()) return no_such_parameter(unknown);
  const bool all = request.param("all") == "true";
  if (request.param("pin").empty() && !all) return bad("pin is missing; all=true means every waiting one");
  const int64_t now_ms = world.clock.now_ms();
  std::vector<PendingPin*> decided;
  if (all) {
    for (PendingPin& each : world.authorizations.book().pins)
      if (each.open(now_ms)) decided.push_back(&each);
  } else if (PendingPin* pending = world.authorizations.find_pin(request.param("pin"), now_ms)) {
    decided.push_back(pending);
  }
  if (decided.empty())
    return control_error(404, "unknown_pin", "No PIN like this is waiting; it may be over or decided.");
  for (PendingPin* each : decided) each->state = decision;
  return Response::json(200, Json::object()
                                 .set("result", decision == PinState::approved ? "approved" : "declined")
                                 .set("client", short_digest(decided.front()->client_digest))
                                 .set("count", static_cast<int64_t>(decided.size())));
}

Response approve_pin(World& world, const Request& request) { return decide(world, request, PinState::approved); }
Response decline_pin(World& world, const Request& request) { return decide(world, request, PinState::declined); }

Response revoke(World& world, const Request& request) {
  const std::string unknown = unknown_parameter(request, {"client_id", "all", "by"});
  if (!unknown.empty()) return no_such_parameter(unknown);
  const bool all = request.param("all") == "true";
  const Secret client_id = request.secret_param("client_id");
  if (client_id.empty() && !all) return bad("client_id is missing; all=true means every application");
  const std::string_view by = request.param("by");
  if (!by.empty() && by != "user" && by != "ecobee") return bad("by must be user or ecobee");
  std::set<std::string> digests;
  if (all)
    for (const auto& [id, grant] : world.authorizations.book().grants) digests.insert(grant.client_digest);
  else
    digests.insert(sha256_hex(client_id.reveal()));
  int ended = 0;
  for (const std::string& digest : digests) {
    if (by == "ecobee") world.clients.disable(digest);
    ended += world.authorizations.revoke(digest, by == "ecobee" ? Ended::by_service : Ended::by_user);
  }
  return Response::json(200, Json::object().set("revoked", ended));
}

Response expire(World& world, const Request& request) {
  const std::string unknown = unknown_parameter(request, {"what"});
  if (!unknown.empty()) return no_such_parameter(unknown);
  const std::string_view what = request.param("what");
  const int64_t now_ms = world.clock.now_ms();
  if (what == "access")
    return Response::json(200, Json::object().set("expired", world.authorizations.expire_access(now_ms)));
  if (what == "refresh")
    return Response::json(200, Json::object().set("expired", world.authorizations.expire_refresh()));
  if (what == "pin")
    return Response::json(200, Json::object().set("expired", world.authorizations.expire_pins(now_ms)));
  return bad("what must be access, refresh or pin");
}

/// advance_s lets time pass; step_s sets the clock, as somebody does who corrects it.
Response advance_clock(World& world, const Request& request) {
  const std::string unknown = unknown_parameter(request, {"advance_s", "step_s"});
  if (!unknown.empty()) return no_such_parameter(unknown);
  constexpr int64_t ten_years_s = 10LL * 366 * 86400;
  const bool steps = !request.param("step_s").empty();
  if (steps && !request.param("advance_s").empty()) return bad("advance_s and step_s exclude each other");
  const auto by_s = parse_int(request.param(steps ? "step_s" : "advance_s"));
  if (!by_s || *by_s < (steps ? -ten_years_s : 0) || *by_s > ten_years_s)
    return bad(steps ? "step_s must be a number of seconds, at most ten years forward or back"
                     : "advance_s must be a number of seconds from 0 to ten years");
  world.clock.advance(*by_s * 1000);
  world.authorizations.run_automatic(world.clock.now_ms());
  return Response::json(200, Json::object().set("now_ms", world.clock.now_ms()));
}

Response set_policy(World& world, const Request& request) {
  Settings changed = world.settings;
  for (const Params* params : {&request.query, &request.form})
    for (const auto& [name, value] : params->all()) {
      const auto which = std::find_if(switches().begin(), switches().end(),
                                      [&wanted = name](const Switch& each) { return each.name == wanted; });
      if (which == switches().end()) return no_such_parameter(name);
      const std::string complaint = which->complaint(value);
      if (!complaint.empty()) return bad(name + ' ' + complaint);
      which->set(changed, value);
    }
  world.settings = changed;
  return Response::json(200, values_of_switches(changed));
}

Response show_switches(World& world, const Request&) {
  return Response::json(200, Json::object().set("switches", describe_switches(world.settings)));
}

Response add_fault(World& world, const Request& request) {
  const std::string wrong = world.faults.add(request);
  if (!wrong.empty()) return bad(wrong);
  return Response::json(200, Json::object().set("faults", world.faults.describe()));
}

Response list_faults(World&, const Request&) { return Response::json(200, describe_fault_kinds()); }

Response show_openapi(World&, const Request&) {
  Response response;
  response.content_type = "application/yaml";
  response.body = std::string(portal_file("openapi.yaml"));
  return response;
}

Response clear_faults(World& world, const Request&) {
  return Response::json(200, Json::object().set("deleted", world.faults.clear()));
}

Response show_log(World& world, const Request& request) {
  const std::string unknown = unknown_parameter(request, {"after"});
  if (!unknown.empty()) return no_such_parameter(unknown);
  int64_t after = 0;
  if (const auto text = request.param("after"); !text.empty()) {
    const auto number = parse_int(text);
    if (!number) return bad("after must be the number of a log entry");
    after = *number;
  }
  return Response::json(200, world.log.describe(after));
}

Response clear_log(World& world, const Request&) {
  world.log.clear();
  return Response::json(200, Json::object().set("deleted", true));
}

const char* state_name(const PendingPin& pin, int64_t now_ms) {
  switch (pin.state) {
    case PinState::approved:
      return "approved";
    case PinState::declined:
      return "declined";
    case PinState::used:
      return "used";
    case PinState::waiting:
      break;
  }
  return pin.open(now_ms) ? "waiting" : "expired";
}

const char* state_name(Ended ended) {
  switch (ended) {
    case Ended::by_user:
      return "removed by the user";
    case Ended::by_service:
      return "revoked by ecobee";
    case Ended::by_replay:
      return "ended by a replay";
    case Ended::no:
      break;
  }
  return "active";
}

Response show_state(World& world, const Request&) {
  const int64_t now_ms = world.clock.now_ms();
  const Book& book = world.authorizations.book();
  Json pins = Json::array();
  for (const PendingPin& each : book.pins)
    pins.push(Json::object()
                  .set("pin", each.pin)
                  .set("client", short_digest(each.client_digest))
                  .set("code", short_digest(each.code_digest))
                  .set("scope", printable(each.scope))
                  .set("state", state_name(each, now_ms))
                  .set("expires_ms", each.expires_ms));
  Json grants = Json::array();
  for (const auto& [id, grant] : book.grants) {
    Json refresh = Json::array();
    for (const RefreshToken& each : grant.family.tokens())
      refresh.push(Json::object()
                       .set("token", short_digest(each.digest))
                       .set("usable", !each.dead)
                       .set("rotated", each.rotated_ms >= 0));
    Json access = Json::array();
    for (const std::string& digest : grant.access_digests)
      access.push(Json::object()
                      .set("token", short_digest(digest))
                      .set("expires_ms", book.access.at(digest).expires_ms)
                      .set("usable", grant.ended == Ended::no && book.access.at(digest).expires_ms > now_ms));
    grants.push(Json::object()
                    .set("client", short_digest(grant.client_digest))
                    .set("scope", printable(grant.scope))
                    .set("state", state_name(grant.ended))
                    .set("created_ms", grant.created_ms)
                    .set("refresh_tokens", std::move(refresh))
                    .set("access_tokens", std::move(access)));
  }
  return Response::json(200,
                        Json::object()
                            .set("now_ms", now_ms)
                            .set("profile", world.settings.generation == Generation::current ? "current" : "legacy")
                            .set("refresh", policy_name(world.settings.policy))
                            .set("grace_s", world.settings.grace_s)
                            .set("pins", std::move(pins))
                            .set("grants", std::move(grants))
                            .set("faults", world.faults.describe()));
}

Response consent(World& world, const Request& request) {
  const std::string unknown =
      unknown_parameter(request, {"url", "decision", "response_type", "client_id", "redirect_uri", "scope", "state",
                                  "code_challenge", "code_challenge_method"});
  if (!unknown.empty()) return no_such_parameter(unknown);
  const std::string_view decision = request.param("decision");
  if (decision != "accept" && decision != "decline") return bad("decision must be accept or decline");
  Params given;
  const std::string_view url = request.param("url");
  if (!url.empty()) {
    const size_t question = url.find('?');
    if (question == std::string_view::npos || !given.add_encoded(url.substr(question + 1)))
      return bad("url must be the address of the authorize page with its parameters");
  }
  const auto read =
      read_browser_request(world, url.empty() ? (request.form.all().empty() ? request.query : request.form) : given);
  if (const auto* refusal = std::get_if<BrowserRefusal>(&read)) {
    if (refusal->location.empty()) return control_error(400, refusal->refusal.error, refusal->refusal.description);
    return Response::json(200, Json::object().set("result", "refused").set("redirect", refusal->location));
  }
  const auto& asked = std::get<BrowserRequest>(read);
  const bool accepted = decision == "accept";
  return Response::json(200, Json::object()
                                 .set("result", accepted ? "accepted" : "declined")
                                 .set("redirect", accepted ? accept(world, asked, "") : decline(asked)));
}

struct Route {
  const char* method;
  const char* path;
  Handler handler;
  bool takes_parameters = true;
};
constexpr Route routes[] = {
    {"POST", "/sandbox/approve", approve_pin},
    {"POST", "/sandbox/decline", decline_pin},
    {"POST", "/sandbox/consent", consent},
    {"POST", "/sandbox/revoke", revoke},
    {"POST", "/sandbox/expire", expire},
    {"POST", "/sandbox/clock", advance_clock},
    {"POST", "/sandbox/policy", set_policy},
    {"POST", "/sandbox/fault", add_fault},
    {"DELETE", "/sandbox/fault", clear_faults, false},
    {"GET", "/sandbox/log", show_log},
    {"DELETE", "/sandbox/log", clear_log, false},
    {"GET", "/sandbox/state", show_state, false},
    {"GET", "/sandbox/faults", list_faults, false},
    {"GET", "/sandbox/switches", show_switches, false},
    {"GET", "/sandbox/openapi.yaml", show_openapi, false},
};
}  // namespace

bool is_control_call(const std::string& method, const std::string& path) {
  return std::any_of(std::begin(routes), std::end(routes),
                     [&](const Route& each) { return method == each.method && path == each.path; });
}

Response answer_control(World& world, const Request& request, std::string& outcome) {
  std::string allowed;
  for (const Route& route : routes) {
    if (request.path != route.path) continue;
    if (request.method != route.method) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
      continue;
    }
    if (!request.well_formed) return bad("the parameters are not properly encoded");
    // Such a body is not read: the call would do less than it says, and look like success.
    if (request.method == "POST" && !request.content_type.empty() && !request.brings_form())
      return bad("parameters come as a form, as curl -d name=value sends it, not as " +
                 printable(request.content_type, 80));
    const std::string unknown = route.takes_parameters ? "" : unknown_parameter(request, {});
    Response response = unknown.empty() ? route.handler(world, request) : no_such_parameter(unknown);
    outcome = response.status == 200 ? "ok" : "refused";
    return response;
  }
  outcome = "refused";
  if (allowed.empty())
    return control_error(404, "unknown_path",
                         "The control API has no such path; GET /sandbox/openapi.yaml describes it.");
  Response response = control_error(405, "wrong_method", "This path takes " + allowed + ".");
  response.headers.emplace_back("Allow", allowed);
  return response;
}

}  // namespace ecoauth::sandbox
