#include "protocol/record.hpp"

namespace ecoauth {
namespace {

Grant clone_grant(const Grant& grant) {
  Grant copy;
  copy.state = grant.state;
  copy.reason = grant.reason;
  copy.generation = grant.generation;
  copy.access_token = grant.access_token.clone();
  copy.token_type = grant.token_type;
  copy.scope = grant.scope;
  copy.lifetime_ms = grant.lifetime_ms;
  copy.obtained = grant.obtained;
  copy.advisory_permille = grant.advisory_permille;
  for (const Secret& candidate : grant.candidates) copy.candidates.push_back(candidate.clone());
  copy.identical_refreshes = grant.identical_refreshes;
  copy.refusals = grant.refusals;
  copy.refreshes = grant.refreshes;
  return copy;
}

}  // namespace

Pending Pending::clone() const {
  Pending copy;
  copy.flow = flow;
  copy.scope = scope;
  copy.started = started;
  copy.lifetime_ms = lifetime_ms;
  copy.interval_ms = interval_ms;
  copy.pin = pin.clone();
  copy.code = code.clone();
  copy.state = state.clone();
  copy.verifier = verifier.clone();
  copy.redirect_uri = redirect_uri;
  return copy;
}

Record Record::clone() const {
  Record copy;
  copy.seq = seq;
  copy.identity = identity;
  copy.client_id = client_id.clone();
  copy.scope_asked = scope_asked;
  if (grant) copy.grant = clone_grant(*grant);
  copy.intent = intent;
  if (pending) copy.pending = pending->clone();
  copy.unknown_lines = unknown_lines;
  return copy;
}

}  // namespace ecoauth
