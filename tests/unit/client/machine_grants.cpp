// Grants to begin with.
#include "machine_rig.hpp"

namespace ecoauth::test {

std::shared_ptr<Record> record_with_grant(const VirtualClock& clock, int64_t lifetime_ms) {
  auto record = std::make_shared<Record>();
  record->seq = 7;
  record->client_id = Secret("client");
  record->scope_asked = "smartRead";
  record->grant.emplace();
  Grant& grant = *record->grant;
  grant.state = GrantState::active;
  grant.generation = 1;
  grant.access_token = Secret("at-1");
  grant.token_type = "Bearer";
  grant.scope = "smartRead";
  grant.lifetime_ms = lifetime_ms;
  grant.obtained = {clock.boot_ms(), clock.wall_ms(), clock.boot_id()};
  grant.advisory_permille = 750;
  grant.candidates.push_back(Secret("rt-1"));
  return record;
}

Rig rig_with_grant(Role role, int64_t lifetime_ms) {
  StateMachine::Settings settings;
  settings.role = role;
  VirtualClock clock;
  Rig rig(settings, record_with_grant(clock, lifetime_ms));
  rig.clock = clock;
  rig.want(Want::load);
  rig.go_on();
  return rig;
}

Rig rig_with_expired_token() {
  Rig rig = rig_with_grant();
  rig.clock.advance_ms(2 * 3600000);
  return rig;
}

void refreshed_by_the_owner(Rig& rig, int64_t generation) {
  auto theirs = std::make_shared<Record>(rig.disk->clone());
  theirs->seq += 2;
  theirs->grant->generation = generation;
  theirs->grant->access_token = Secret("at-" + std::to_string(generation));
  theirs->grant->obtained = rig.now().moment();
  theirs->grant->state = GrantState::active;
  theirs->grant->reason.clear();
  theirs->grant->refusals.clear();
  for (int64_t made = rig.disk->grant->generation; made < generation; ++made)
    note_refresh(theirs->grant->refreshes, rig.now());
  rig.other_process_writes(theirs);
}

}  // namespace ecoauth::test
