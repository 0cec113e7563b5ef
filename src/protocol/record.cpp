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
  return copy;
}

Pending clone_pending(const Pending& pending) {
  Pending copy;
  copy.flow = pending.flow;
  copy.scope = pending.scope;
  copy.started = pending.started;
  copy.lifetime_ms = pending.lifetime_ms;
  copy.interval_ms = pending.interval_ms;
  copy.pin = pending.pin.clone();
  copy.code = pending.code.clone();
  copy.state = pending.state.clone();
  copy.verifier = pending.verifier.clone();
  copy.redirect_uri = pending.redirect_uri;
  return copy;
}

}  // namespace

Record Record::clone() const {
  Record copy;
  copy.seq = seq;
  copy.identity = identity;
  copy.client_id = client_id.clone();
  copy.scope_asked = scope_asked;
  if (grant) copy.grant = clone_grant(*grant);
  copy.intent = intent;
  if (pending) copy.pending = clone_pending(*pending);
  copy.unknown_lines = unknown_lines;
  return copy;
}

}  // namespace ecoauth
