#include "sandbox/portal_control.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr size_t requests_shown = 40;

/// What the page offers; the parameters are those of POST /sandbox/fault.
struct Offer {
  const char* group;
  const char* words;
  const char* parameters;
};
constexpr Offer offers[] = {
    {"Outages", "503 with an HTML page", "name=http_status&status=503"},
    {"Outages", "502 with an HTML page", "name=http_status&status=502"},
    {"Outages", "520 (Cloudflare: unknown error)", "name=http_status&status=520"},
    {"Outages", "522 (Cloudflare: no connection)", "name=http_status&status=522"},
    {"Outages", "525 (Cloudflare: TLS failed)", "name=http_status&status=525"},
    {"Outages", "The connection is reset", "name=reset"},
    {"Outages", "Answers take 35 seconds", "name=delay&ms=35000"},
    {"Outages", "A captive portal redirects", "name=redirect"},
    {"Outages", "Too many requests, Retry-After in seconds", "name=rate_limit"},
    {"Outages", "Too many requests, Retry-After as a date", "name=rate_limit&form=date"},
    {"Broken answers", "200 with an empty body", "name=http_status&status=200&body=empty"},
    {"Broken answers", "JSON cut after 40 bytes", "name=truncate&bytes=40"},
    {"Broken answers", "The answer comes byte by byte", "name=drip"},
    {"Broken answers", "The answer is lost after the work was done", "name=drop_after_commit&at=token"},
    {"Broken answers", "The request arrives twice", "name=duplicate&at=token"},
    {"Broken answers", "expires_in in the other unit", "name=flip_unit"},
    {"Broken answers", "No refresh_token", "name=member&member=refresh_token"},
    {"Broken answers", "The scope is narrowed to smartRead", "name=narrow_scope"},
    {"Refusals without reason", "invalid_grant", "name=oauth_error&error=invalid_grant"},
    {"Refusals without reason", "invalid_client", "name=oauth_error&error=invalid_client&status=401"},
    {"Refusals without reason", "slow_down", "name=oauth_error&error=slow_down&status=401"},
    {"Refusals without reason", "API 14: the token has expired", "name=api_error&code=14"},
    {"Refusals without reason", "API 16: removed by the user", "name=api_error&code=16"},
    {"Refusals without reason", "API 2: the application is revoked", "name=api_error&code=2"},
};
constexpr size_t offer_count = sizeof offers / sizeof *offers;

Fault fault_of(const Offer& offer) {
  Request request;
  Fault fault;
  request.form.add_encoded(offer.parameters);
  if (const std::string wrong = FaultBook::parse(request, fault); !wrong.empty())
    throw std::logic_error("the control page offers an impossible fault: " + wrong);
  return fault;
}

/// "on", "for 2 requests", or nothing.
std::string state_of(const World& world, const Fault& kind) {
  int64_t left = 0;
  for (const Fault& each : world.faults.all()) {
    if (!same_kind(each, kind)) continue;
    if (each.left < 0) return "on";
    left += each.left;
  }
  return left == 0 ? "" : left == 1 ? "for the next request" : "for the next " + to_text(left) + " requests";
}

std::vector<View> fault_groups(const World& world) {
  std::vector<View> groups, faults;
  for (size_t i = 0; i < offer_count; ++i) {
    const std::string state = state_of(world, fault_of(offers[i]));
    faults.push_back(View()
                         .set("fault", to_text(static_cast<int64_t>(i)))
                         .set("words", offers[i].words)
                         .set("on", !state.empty())
                         .set("state", state));
    if (i + 1 < offer_count && std::string_view(offers[i].group) == offers[i + 1].group) continue;
    groups.push_back(View().set("group", offers[i].group).set("faults", std::move(faults)));
    faults.clear();
  }
  return groups;
}

/// The faults that the page does not offer.
std::vector<View> other_faults(const World& world) {
  std::vector<View> others;
  for (const Fault& each : world.faults.all())
    if (std::none_of(std::begin(offers), std::end(offers),
                     [&](const Offer& offer) { return same_kind(each, fault_of(offer)); }))
      others.push_back(View().set("other", each.name));
  return others;
}

std::string value_of(const RequestLog::Entry& entry, std::string_view name) {
  for (const auto* parameters : {&entry.query, &entry.form})
    for (const auto& [each, value] : *parameters)
      if (each == name) return value;
  return "";
}

View shown(const RequestLog::Entry& entry) {
  std::string what = value_of(entry, "grant_type");
  if (what.empty()) what = value_of(entry, "response_type");
  std::string client = value_of(entry, "client_id");
  if (client.empty()) client = entry.authorization.empty() ? "" : entry.authorization;
  const bool under_way = entry.answered_ms < 0;
  return View()
      .set("at", date_text(entry.sandbox_ms).substr(11, 5))
      .set("method", entry.method)
      .set("path", entry.path)
      .set("what", what)
      .set("client", client)
      .set("grade", under_way || entry.status == 401            ? ""
                    : entry.status >= 200 && entry.status < 400 ? "good"
                                                                : "bad")
      .set("status", under_way           ? "..."
                     : entry.status == 0 ? "none"
                                         : to_text(entry.status))
      .set("outcome", entry.outcome == "fault" ? "" : entry.outcome)
      .set("fault", entry.fault);
}
}  // namespace

Response show_control(World& world, const Request& request, const Visit& visit) {
  std::vector<View> requests;
  const auto& entries = world.log.entries();
  for (auto each = entries.rbegin(); each != entries.rend() && requests.size() < requests_shown; ++each)
    if (each->endpoint != Endpoint::portal && each->endpoint != Endpoint::control) requests.push_back(shown(*each));
  Frame frame{"control.html", "Control"};
  frame.tab = "control";
  frame.wide = frame.script = true;
  return page(world, visit, frame,
              View()
                  .set("now", date_text(world.clock.now_ms()))
                  .set("address", (request.secure ? "https://" : "http://") + request.host)
                  .set("any_requests", !requests.empty())
                  .set("requests", std::move(requests))
                  .set("any_faults", !world.faults.all().empty())
                  .set("others", other_faults(world))
                  .set("groups", fault_groups(world)));
}

Response switch_fault(World& world, const Request& request, const Visit& visit) {
  const std::string_view what = request.form.get("do");
  const auto number = parse_int(request.form.get("fault"));
  const bool one = number && *number >= 0 && *number < static_cast<int64_t>(offer_count);
  if (what == "clear") {
    world.faults.clear();
  } else if (one && (what == "on" || what == "once" || what == "off")) {
    const Offer& offer = offers[*number];
    world.faults.remove(fault_of(offer));
    if (what != "off") {
      Request added;
      added.form.add_encoded(offer.parameters);
      added.form.add_encoded(what == "on" ? "count=-1" : "count=1");
      if (const std::string wrong = world.faults.add(added); !wrong.empty())
        return message(world, visit, 400, "That did not work", wrong);
    }
  } else {
    return message(world, visit, 400, "That did not work", "The form does not say which fault to switch.");
  }
  return redirect_response(303, control_page_path);
}

}  // namespace ecoauth::sandbox
