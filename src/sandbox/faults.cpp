#include "sandbox/faults.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "sandbox/fault_kinds.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr size_t max_faults = 256;
constexpr size_t max_value_bytes = 1024;

std::optional<Endpoint> endpoint_named(std::string_view name) {
  for (const Endpoint each : {Endpoint::token, Endpoint::authorize, Endpoint::api})
    if (name == endpoint_name(each)) return each;
  return std::nullopt;
}

/// The parameter of this name that a fault of this kind takes; null when there is none.
const FaultParameter* parameter_of(const FaultKind& kind, std::string_view name) {
  for (const auto* parameters : {&kind.parameters, &common_fault_parameters()})
    for (const FaultParameter& each : *parameters)
      if (each.name == name) return &each;
  return nullptr;
}

void set_common(Fault& fault, const std::string& name, const std::string& value) {
  const int64_t number = parse_int(value).value_or(0);
  if (name == "at") fault.at = endpoint_named(value);
  if (name == "grant_type") fault.grant_type = value;
  if (name == "count") fault.left = number;
  if (name == "skip") fault.skip = number;
  if (name == "after_s") fault.after_s = number;
  if (name == "for_s") fault.for_s = number;
}

/// Applies what was given; the text says what is wrong with it.
std::string take_given(const FaultKind& kind, const Params& params, Fault& fault) {
  for (const auto& [name, value] : params.all()) {
    if (name == "name") continue;
    const FaultParameter* parameter = parameter_of(kind, name);
    if (!parameter) return "fault " + fault.name + " takes no parameter " + printable(name, 40);
    const std::string complaint = parameter->complaint(value);
    if (!complaint.empty()) return complaint;
    if (value.size() > max_value_bytes || printable(value, max_value_bytes) != value)
      return name + " must be short and printable";
    const bool own = std::any_of(kind.parameters.begin(), kind.parameters.end(),
                                 [&wanted = name](const FaultParameter& each) { return each.name == wanted; });
    if (own)
      fault.values[name] = value;
    else
      set_common(fault, name, value);
  }
  return "";
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

int64_t Fault::number(const char* parameter) const { return parse_int(values.at(parameter)).value_or(0); }

bool Fault::strikes(Endpoint endpoint, const Request& request) const {
  const std::vector<Endpoint>& possible = fault_kind(name)->at;
  if (at ? *at != endpoint : std::find(possible.begin(), possible.end(), endpoint) == possible.end()) return false;
  return grant_type.empty() || (endpoint == Endpoint::token && request.param("grant_type") == grant_type);
}

bool same_kind(const Fault& a, const Fault& b) {
  return a.name == b.name && a.at == b.at && a.grant_type == b.grant_type && a.values == b.values;
}

std::string FaultBook::parse(const Request& request, Fault& fault) {
  fault.name = std::string(request.param("name"));
  const FaultKind* kind = fault_kind(fault.name);
  if (!kind) {
    std::string all;
    for (const FaultKind& each : fault_kinds()) all += (all.empty() ? "" : ", ") + std::string(each.name);
    return "unknown fault; known are " + all;
  }
  fault.left = 0;
  for (const Params* params : {&request.query, &request.form})
    if (std::string wrong = take_given(*kind, *params, fault); !wrong.empty()) return wrong;
  if (request.form.has("count") || request.query.has("count")) {
    if (fault.left == 0) return "count must not be 0; -1 means until deleted";
  } else {
    fault.left = fault.for_s ? -1 : 1;
  }
  for (const FaultParameter& each : kind->parameters) {
    if (fault.has(each.name)) {
      if (fault.text(each.name).empty() && !each.preset) return fault.name + " needs " + each.name;
      continue;
    }
    if (!each.preset && each.values.empty()) return fault.name + " needs " + each.name;
    const std::string preset = each.preset ? each.preset : each.values.front();
    if (!preset.empty()) fault.values[each.name] = preset;
  }
  if (fault.at && std::find(kind->at.begin(), kind->at.end(), *fault.at) == kind->at.end())
    return "fault " + fault.name + " cannot strike at " + endpoint_name(*fault.at);
  // A made-up OAuth error at /authorize is rare enough to be asked for.
  if (fault.name == "oauth_error" && !fault.at) fault.at = Endpoint::token;
  return "";
}

std::string FaultBook::add(const Request& request) {
  Fault fault;
  std::string wrong = parse(request, fault);
  if (wrong.empty() && faults_.size() >= max_faults) wrong = "too many faults are waiting; delete them first";
  if (!wrong.empty()) return wrong;
  fault.from_ms = clock_.now_ms() + fault.after_s * 1000;
  if (fault.for_s) fault.until_ms = fault.from_ms + fault.for_s * 1000;
  faults_.push_back(std::move(fault));
  return "";
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

std::optional<Fault> FaultBook::take(Endpoint endpoint, const Request& request) {
  if (faults_.empty()) return std::nullopt;
  const int64_t now_ms = clock_.now_ms();
  faults_.erase(std::remove_if(faults_.begin(), faults_.end(),
                               [&](const Fault& each) { return each.until_ms && each.until_ms <= now_ms; }),
                faults_.end());
  for (auto each = faults_.begin(); each != faults_.end(); ++each) {
    if (each->from_ms > now_ms || !each->strikes(endpoint, request)) continue;
    if (each->skip > 0) {
      --each->skip;
      continue;
    }
    Fault taken = *each;
    if (each->left > 0 && --each->left == 0) faults_.erase(each);
    return taken;
  }
  return std::nullopt;
}

Json FaultBook::describe() const {
  const int64_t now_ms = clock_.now_ms();
  Json list = Json::array();
  for (const Fault& each : faults_) {
    if (each.until_ms && each.until_ms <= now_ms) continue;
    Json entry = Json::object();
    entry.set("name", each.name).set("at", each.at ? endpoint_name(*each.at) : "any").set("count", each.left);
    if (!each.grant_type.empty()) entry.set("grant_type", each.grant_type);
    if (each.skip) entry.set("skip", each.skip);
    if (each.from_ms > now_ms) entry.set("from_ms", each.from_ms);
    if (each.until_ms) entry.set("until_ms", each.until_ms);
    for (const FaultParameter& parameter : fault_kind(each.name)->parameters)
      if (each.has(parameter.name))
        entry.set(parameter.name,
                  parameter.is_number() ? Json(each.number(parameter.name)) : Json(each.text(parameter.name)));
    list.push(std::move(entry));
  }
  return list;
}

}  // namespace ecoauth::sandbox
