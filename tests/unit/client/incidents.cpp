#include "incidents.hpp"

#include <algorithm>
#include <string>

#include "answers.hpp"

namespace ecoauth::test {
namespace {

constexpr int64_t h = 3600000;
using Answer = Rig::StoreAnswer;

NamedAnswers answers_of(AnswerContext context) {
  NamedAnswers all;
  if (context == AnswerContext::authorize) {
    all.emplace_back("PIN", pin_answer("ABCD", "code-x", 90, 30));
  } else {
    all.emplace_back("token", token_answer(context, "at-x", "rt-x"));
    all.emplace_back("short token", token_answer(context, "at-x", "rt-x", 30));
    all.emplace_back("token without refresh token", token_answer(context, "at-x", ""));
    all.emplace_back("salvage", answer(context, 200, "{\"refresh_token\":\"rt-x\"}"));
  }
  if (context == AnswerContext::poll)
    for (const char* error : {"authorization_pending", "slow_down", "authorization_expired", "access_denied"})
      all.emplace_back(error, error_answer(context, error));
  if (context != AnswerContext::authorize) all.emplace_back("invalid_grant", error_answer(context, "invalid_grant"));
  for (const char* error : {"invalid_client", "invalid_scope", "account_locked", "something_new"})
    all.emplace_back(error, error_answer(context, error));
  all.emplace_back("429", answer(context, 429, "", "90"));
  all.emplace_back("503", answer(context, 503, ""));
  all.emplace_back("lost", no_answer(context, RawAnswer::Transfer::ambiguous));
  return all;
}

/// The server never gives the same token twice.
Classified with_fresh_tokens(const Classified& answer, const Rig& rig) {
  Classified fresh = copy_of(answer);
  const std::string number = std::to_string(rig.connects) + "-" + std::to_string(rig.clock.boot_ms());
  if (fresh.token && !fresh.token->access_token.empty()) fresh.token->access_token = Secret("at-" + number);
  if (fresh.token && !fresh.token->refresh_token.empty()) fresh.token->refresh_token = Secret("rt-" + number);
  if (fresh.pin) fresh.pin->code = Secret("code-" + number);
  return fresh;
}

std::shared_ptr<Record> changed(const Rig& rig) {
  auto record = std::make_shared<Record>(rig.disk->clone());
  ++record->seq;
  return record;
}

void other_refreshes(Rig& rig) {
  auto record = changed(rig);
  Grant& grant = *record->grant;
  ++grant.generation;
  grant.state = GrantState::active;
  grant.refusals.clear();
  grant.access_token = Secret("at-other");
  grant.obtained = rig.now().moment();
  grant.candidates.insert(grant.candidates.begin(), Secret("rt-other"));
  grant.candidates.resize(2);
  record->intent.reset();
  rig.other_process_writes(record);
}

/// Signs out and authorizes again: numbers begin anew.
void other_logs_in(Rig& rig) {
  auto record = record_with_grant(rig.clock);
  record->seq = rig.disk->seq + 5;
  record->grant->access_token = Secret("at-anew");
  record->grant->candidates.front() = Secret("rt-anew");
  rig.other_process_writes(record);
}

/// The record as it was an hour and a generation ago.
void old_copy_returns(Rig& rig) {
  auto record = changed(rig);
  Grant& grant = *record->grant;
  --grant.generation;
  grant.access_token = Secret("at-before");
  grant.obtained.boot_ms -= h;
  grant.obtained.wall_ms -= h;
  if (grant.candidates.size() > 1) grant.candidates.erase(grant.candidates.begin());
  record->intent.reset();
  rig.other_process_writes(record);
  rig.old_copy = true;
}

const char* const names_of_wants[] = {"want load", "want token", "want refresh", "want authorize", "want sign_out"};
const char* const names_of_cancels[] = {"cancel load",     "cancel token",  "cancel refresh",  "cancel authorize",
                                        "cancel sign_out", "cancel browse", "cancel redirect", "cancel import"};

}  // namespace

const NamedAnswers& answers_to(AnswerContext context) {
  static const NamedAnswers refresh = answers_of(AnswerContext::refresh), poll = answers_of(AnswerContext::poll),
                            authorize = answers_of(AnswerContext::authorize),
                            exchange = answers_of(AnswerContext::exchange);
  switch (context) {
    case AnswerContext::refresh:
      return refresh;
    case AnswerContext::poll:
      return poll;
    case AnswerContext::exchange:
      return exchange;
    default:
      return authorize;
  }
}

std::vector<Incident> possible(const Rig& rig, const Region& region) {
  std::vector<Incident> incidents;
  const auto add = [&](const char* name, std::function<void(Rig&)> happens, int Budget::*cost = nullptr,
                       size_t rarity = 0) {
    incidents.push_back({name, std::move(happens), cost, rarity ? rarity : cost ? 8u : 1u});
  };
  if (!rig.store.empty()) {
    const Action::Kind kind = rig.store.front().kind;
    add("store: good", [](Rig& r) { r.store_answers(Answer::good); });
    add(
        "store: failed", [](Rig& r) { r.store_answers(Answer::failed); }, &Budget::store_faults);
    if (kind == Action::Kind::try_lock)
      add(
          "store: busy", [](Rig& r) { r.store_answers(Answer::busy); }, &Budget::store_faults);
    if (kind == Action::Kind::save) {
      add(
          "store: conflict", [](Rig& r) { r.store_answers(Answer::conflict); }, &Budget::store_faults);
      add(
          "store: failed but written", [](Rig& r) { r.store_answers(Answer::failed_but_written); },
          &Budget::store_faults);
    }
  }
  if (rig.net == Rig::Net::connecting) {
    add("connected", [](Rig& r) { r.connected(); });
    add("wrong clock", [](Rig& r) {
      r.answers(no_answer(r.context, RawAnswer::Transfer::not_sent, RawAnswer::Trouble::certificate_time));
    });
  }
  if (rig.net == Rig::Net::connecting || rig.net == Rig::Net::ready)
    add("not sent", [](Rig& r) { r.answers(no_answer(r.context, RawAnswer::Transfer::not_sent)); });
  if (rig.net == Rig::Net::sent)
    for (const auto& entry : answers_to(rig.context))
      add(entry.first, [&answer = entry.second](Rig& r) { r.answers(with_fresh_tokens(answer, r)); });

  const auto waits = [&](Want want) {
    return std::any_of(rig.waiting.begin(), rig.waiting.end(),
                       [&](const auto& entry) { return entry.second.want == want; });
  };
  if (rig.waiting.size() < region.most_waiters)
    for (Want want : region.wants) {
      if (waits(want)) continue;
      add(
          names_of_wants[static_cast<int>(want)], [want](Rig& r) { r.want(want); }, nullptr,
          want == Want::sign_out ? 8 : 1);
      if (want == Want::token) add("want token for 2 h", [](Rig& r) { r.want(Want::token, 2 * h); });
    }
  if (region.browser && rig.waiting.size() < region.most_waiters) {
    const std::string state(rig.disk && rig.disk->pending ? rig.disk->pending->state.reveal() : std::string_view());
    add("want browse", [](Rig& r) { r.browse(); });
    add("want utility", [](Rig& r) { r.browse("utility"); });
    add("import", [](Rig& r) { r.import_token("rt-import"); });
    add("foreign redirect", [](Rig& r) { r.redirected("code=c0de&access_token=at-u&state=foreign"); });
    if (!state.empty()) {
      add("redirect", [state](Rig& r) { r.redirected("code=c0de&access_token=at-u&state=" + state); });
      add("declined redirect", [state](Rig& r) { r.redirected("error=access_denied&state=" + state); });
    }
  }
  for (const auto& [operation, waiter] : rig.waiting)
    add(
        names_of_cancels[static_cast<int>(waiter.want)], [operation = operation](Rig& r) { r.cancel(operation); },
        nullptr, 8);
  if (rig.machine.authorizing()) add("check_now", [](Rig& r) { r.check_now(); });
  if (rig.record().grant && !rig.machine.token_rejected())
    add("rejected", [](Rig& r) { r.rejected(r.record().grant->generation); });
  add(
      "revoked", [](Rig& r) { r.revoked(); }, &Budget::revocations);
  if (!rig.quiesced)
    add(
        "quiesce", [](Rig& r) { r.quiesce(); }, nullptr, 100);

  if (rig.wake_in_ms() >= 0) add("timer", [](Rig& r) { r.ring(); });
  add(
      "suspend", [](Rig& r) { r.suspend_ms(2 * h); }, &Budget::suspends);

  if (rig.lock_is_free() && rig.disk) {
    if (rig.disk->grant) {
      add("another process refreshes", other_refreshes, &Budget::other_processes);
      add("another process logs in", other_logs_in, &Budget::other_processes);
      if (rig.disk->grant->generation > 1) add("an old copy returns", old_copy_returns, &Budget::other_processes);
      add(
          "another process signs out",
          [](Rig& r) {
            auto record = std::make_shared<Record>();
            record->seq = r.disk->seq + 2;
            r.other_process_writes(record);
          },
          &Budget::other_processes);
    }
    if (rig.disk->pending)
      add(
          "another process ends the login",
          [](Rig& r) {
            auto record = changed(r);
            record->pending.reset();
            r.other_process_writes(record);
          },
          &Budget::other_processes);
    add(
        "somebody deletes the record", [](Rig& r) { r.other_process_writes(nullptr); }, &Budget::other_processes);
  }
  return incidents;
}

}  // namespace ecoauth::test
