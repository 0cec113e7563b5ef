// The world checks its rules with every step (machine_rules.cpp); here they only have to be broken, by anybody, in any
// order.
#include "machine_walk.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "support/fixed_random.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

constexpr int64_t s = 1000, min = 60 * s, h = 60 * min;

/// How much further to go than in every run: "client-walk-test -- 10".
size_t factor() {
  const auto& suite = boost::unit_test::framework::master_test_suite();
  return suite.argc > 1 ? static_cast<size_t>(parse_int(suite.argv[1]).value_or(1)) : 1;
}

Rig with_grant(const std::function<void(Record&, const VirtualClock&)>& change = {},
               StateMachine::Settings settings = {}) {
  VirtualClock clock;
  auto record = record_with_grant(clock);
  if (change) change(*record, clock);
  Rig rig(std::move(settings), record);
  rig.clock = clock;
  return rig;
}

/// Walks, and tells how far it got.
Walk told(Rig root, const Region& region) {
  const Walk walked = walk(std::move(root), region);
  BOOST_TEST_MESSAGE(walked.states << " states, " << walked.steps << " steps, depth " << walked.depth
                                   << (walked.complete ? ", complete" : ""));
  return walked;
}

struct Start {
  const char* name;
  Rig rig;
};

std::vector<Start> starts() {
  std::vector<Start> all;
  StateMachine::Settings settings;
  all.push_back({"nothing", Rig()});
  all.push_back({"a grant", with_grant()});
  all.push_back({"an expired grant with an intent", with_grant([](Record& record, const VirtualClock& clock) {
                   record.grant->obtained.boot_ms -= 2 * h;
                   record.intent = Intent{1, {clock.boot_ms() - 1000, clock.wall_ms() - 1000, clock.boot_id()}};
                 })});
  all.push_back({"the eve of a verdict", with_grant([](Record& record, const VirtualClock& clock) {
                   record.grant->obtained.boot_ms -= 2 * h;
                   record.grant->state = GrantState::suspect;
                   record.grant->reason = "NEEDS_AUTHORIZATION";
                   record.grant->candidates.push_back(Secret("rt-0"));
                   for (int64_t ago_ms : {20 * min, 15 * min})
                     record.grant->refusals.push_back(
                         {{clock.boot_ms() - ago_ms, clock.wall_ms() - ago_ms, clock.boot_id()}, ago_ms});
                 })});
  all.push_back({"a blocked grant", with_grant([](Record& record, const VirtualClock&) {
                   record.grant->state = GrantState::blocked;
                   record.grant->reason = "INVALID_CLIENT";
                 })});
  const auto with_pin = [](Record& record, const VirtualClock& clock) {
    record.pending.emplace();
    record.pending->flow = "pin";
    record.pending->scope = "smartRead";
    record.pending->started = {clock.boot_ms() - 10 * s, clock.wall_ms() - 10 * s, clock.boot_id()};
    record.pending->lifetime_ms = 100 * s;
    record.pending->interval_ms = 30 * s;
    record.pending->pin = Secret("ABCD");
    record.pending->code = Secret("code-1");
  };
  all.push_back({"a grant and a PIN", with_grant(with_pin)});
  settings.polling = Polling::on_demand;
  all.push_back({"a PIN polled on demand", with_grant(with_pin, settings)});
  settings = {};
  settings.role = Role::follower;
  all.push_back({"a follower", with_grant(with_pin, settings)});
  settings = {};
  settings.refresh.keep_fresh = KeepFresh::always;
  all.push_back(
      {"short-lived tokens kept fresh",
       with_grant([](Record& record, const VirtualClock&) { record.grant->lifetime_ms = 30 * s; }, settings)});
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(walks)

BOOST_AUTO_TEST_CASE(keeping_a_grant) {
  Region region;
  region.wants = {Want::token, Want::refresh};
  region.most_waiters = 1;
  region.most_states = 1000000;
  region.budget = {0, 0, 0, 0};
  Walk walked = told(with_grant(), region);
  BOOST_TEST(walked.complete);
  BOOST_TEST(walked.states > 10000u);
  for (GrantState state :
       {GrantState::active, GrantState::suspect, GrantState::needs_reauthorization, GrantState::blocked})
    BOOST_TEST(walked.grant_states.count(state) == 1u);
  for (const auto& entry : answers_to(AnswerContext::refresh))
    BOOST_TEST(walked.incidents.count(entry.first) == 1u, entry.first);

  region.budget = {1, 0, 0, 0};
  walked = told(with_grant(), region);
  BOOST_TEST(walked.complete);
  for (const char* fault : {"store: failed", "store: busy", "store: conflict", "store: failed but written"})
    BOOST_TEST(walked.incidents.count(fault) == 1u, fault);

  region.budget = {0, 1, 0, 0};
  BOOST_TEST(told(with_grant(), region).complete);
}

BOOST_AUTO_TEST_CASE(authorizing) {
  Region region;
  region.wants = {Want::authorize};
  region.most_waiters = 1;
  region.most_states = 1000000;
  region.budget = {0, 0, 0, 0};
  const Walk walked = told(Rig(), region);
  BOOST_TEST(walked.complete);
  for (AnswerContext context : {AnswerContext::authorize, AnswerContext::poll})
    for (const auto& entry : answers_to(context)) BOOST_TEST(walked.incidents.count(entry.first) == 1u, entry.first);
}

// Utility accounts and imports among them.
BOOST_AUTO_TEST_CASE(authorizing_by_a_browser) {
  for (bool beside : {false, true}) {
    Region region;
    region.browser = true;
    region.wants = {Want::token};
    region.most_waiters = 1;
    region.most_states = 20000 * factor();
    region.budget = {1, 1, 0, 1};
    const Walk walked = told(beside ? with_grant() : Rig(), region);
    BOOST_TEST(walked.depth >= 8u);
    for (const char* incident : {"want browse", "want utility", "redirect", "foreign redirect", "declined redirect",
                                 "import", "cancel redirect", "cancel browse", "cancel import"})
      BOOST_TEST(walked.incidents.count(incident) == 1u, incident);
  }
}

BOOST_AUTO_TEST_CASE(a_few_steps_from_everywhere) {
  Region region;
  region.most_states = 2000 * factor();
  for (Start& start : starts()) {
    BOOST_TEST_MESSAGE("from " << start.name << ":");
    BOOST_TEST(told(std::move(start.rig), region).depth >= 4u);
  }
}

// Far from everywhere, with no end of misfortune.
BOOST_AUTO_TEST_CASE(long_random_walks) {
  FixedRandom random(8);
  Region region;
  std::set<std::pair<Job, Step>> job_steps;
  std::set<GrantState> grant_states;
  std::set<std::string> incidents;
  size_t steps = 0;
  const size_t rounds = 1500 * factor();
  for (size_t round = 0; round < rounds; ++round)
    for (Start& start : starts()) {
      std::vector<std::string> path;
      Rig rig = std::move(start.rig);
      for (int i = 0; i < 300 && (!rig.quiesced || i % 20 != 0); ++i) {
        region.browser = round % 3 == 0;
        std::vector<Incident> choice = possible(rig, region);
        Incident& incident = choice[random.below(choice.size())];
        if (random.below(incident.rarity) != 0) continue;  // most of the time things work, or nothing would get far
        path.push_back(incident.name);
        rig.dice = random.fraction();
        try {
          incident.happens(rig);
        } catch (const Violation& violation) {
          std::string text;
          for (const std::string& name : path) text += (text.empty() ? "" : " > ") + name;
          BOOST_FAIL(violation.what() << ", from " << start.name << ", after: " << text);
        }
        rig.forget_the_past();
        ++steps;
        incidents.insert(incident.name);
        job_steps.insert({rig.machine.job(), rig.machine.step()});
        grant_states.insert(rig.state());
      }
    }

  BOOST_TEST_MESSAGE(steps << " steps");
  BOOST_TEST(grant_states.size() == 5u);
  for (const auto& [job, step] : {std::pair{Job::none, Step::none}, {Job::load, Step::reading},
                                  {Job::refresh, Step::locking},    {Job::refresh, Step::waiting_for_lock},
                                  {Job::refresh, Step::reading},    {Job::refresh, Step::connecting},
                                  {Job::refresh, Step::marking},    {Job::refresh, Step::sending},
                                  {Job::refresh, Step::saving},     {Job::refresh, Step::rebasing},
                                  {Job::refresh, Step::backoff},    {Job::authorize, Step::connecting},
                                  {Job::authorize, Step::sending},  {Job::authorize, Step::saving},
                                  {Job::authorize, Step::rebasing}, {Job::poll, Step::connecting},
                                  {Job::poll, Step::sending},       {Job::poll, Step::saving},
                                  {Job::poll, Step::rebasing},      {Job::sign_out, Step::saving},
                                  {Job::save, Step::reading},       {Job::save, Step::saving}})
    BOOST_TEST(job_steps.count({job, step}) == 1u,
               "job " << static_cast<int>(job) << ", step " << static_cast<int>(step));
  for (const char* incident :
       {"another process refreshes", "another process signs out", "another process ends the login",
        "somebody deletes the record", "revoked", "rejected", "quiesce", "suspend", "timer", "check_now", "store: busy",
        "store: conflict", "store: failed but written", "wrong clock", "not sent"})
    BOOST_TEST(incidents.count(incident) == 1u, incident);
  for (AnswerContext context : {AnswerContext::authorize, AnswerContext::poll, AnswerContext::refresh})
    for (const auto& entry : answers_to(context)) BOOST_TEST(incidents.count(entry.first) == 1u, entry.first);
}

BOOST_AUTO_TEST_SUITE_END()
