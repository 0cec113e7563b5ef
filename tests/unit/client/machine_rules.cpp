// What must always hold (reliability.md 6.2), whatever happens in which order.
#include <algorithm>

#include "client/refresh_policy.hpp"
#include "machine_rig.hpp"

namespace ecoauth::test {
namespace {

bool holds_token(const Grant& grant, const std::string& token) {
  return std::any_of(grant.candidates.begin(), grant.candidates.end(),
                     [&](const Secret& candidate) { return candidate.reveal() == token; });
}

}  // namespace

void must(bool holds, const char* rule) {
  if (!holds) throw Violation(rule);
}

void Rig::check_proceed() const {
  if (machine.job() == Job::exchange) {
    must(lock_held_, "what was handed in is sent with the lock held");
    must(disk && disk->pending && disk->pending->code.reveal() == credential,
         "what was handed in is saved before it is sent");
  } else if (context == AnswerContext::refresh) {
    must(lock_held_, "a refresh token is sent with the lock held");
    must(disk && disk->grant && disk->intent && disk->intent->generation == disk->grant->generation,
         "a refresh token is sent after its intent is durable");
    must(holds_token(*disk->grant, credential), "a refresh token that is sent is on disk");
    must(settings_.role == Role::owner, "a follower refreshes nothing");
    const bool long_lived = disk->grant->lifetime_ms >= 600000 && !disk->grant->access_token.empty();
    must(refreshed_ms_ < 0 || !long_lived || clock.boot_ms() - refreshed_ms_ >= 60000, "one refresh in a minute");
  } else if (context == AnswerContext::poll) {
    must(lock_held_, "a code is sent with the lock held");
    must(clock.boot_ms() >= poll_allowed_ms_, "no poll is too early");
  }
}

void Rig::check_write(const Record& after) const {
  must(settings_.role == Role::owner || machine.job() != Job::refresh, "a follower writes nothing");
  if (after.grant && after.grant->state == GrantState::needs_reauthorization) {
    const bool was = disk && disk->grant && disk->grant->state == GrantState::needs_reauthorization;
    const bool unrenewable = after.grant->candidates.empty();
    must(was || revocation_said_ || unrenewable || refusals_suffice(after.grant->refusals),
         "a grant is not given up lightly");
  }
  if (!disk || !disk->grant || disk->grant->candidates.empty()) return;
  const Grant& before = *disk->grant;
  must(after.grant || signing_out_, "only sign_out drops a grant");
  if (!after.grant) return;
  must(after.grant->generation >= before.generation, "generations only grow");
  must(!after.grant->candidates.empty() && after.grant->candidates.size() <= 3, "one to three candidates");
  if (old_copy) return;  // what came after it is in memory alone, and so is its predecessor
  if (after.grant->generation == before.generation) {
    const bool full = after.grant->candidates.size() == 3;  // then the oldest may go, for one that came from beside us
    for (const Secret& token : before.candidates)
      must(holds_token(*after.grant, std::string(token.reveal())) || (full && &token != &before.candidates.front()),
           "without a new grant no refresh token is dropped");
  } else {
    // A utility account's token comes without an answer.
    const bool answered = after.grant->generation == newest_generation_;
    const std::string predecessor = answered ? predecessor_ : std::string(before.candidates.front().reveal());
    must(predecessor.empty() || holds_token(*after.grant, predecessor),
         "the predecessor stays until its successor is proven");
  }
}

bool Rig::ever_saved(const Grant& grant) const {
  return std::find(saved_access_.begin(), saved_access_.end(), grant.access_token.reveal()) != saved_access_.end();
}

void Rig::check_publish() const {
  if (record().grant)
    must(machine.unsaved() || ever_saved(*record().grant), "a token is published when it is saved, or flagged");
}

void Rig::check_complete(const Action& action) const {
  const auto found = waiting.find(action.operation);
  must(found != waiting.end(), "an operation ends once");
  must((action.result < 0) == action.error.has_value(), "a failure has its error, a success none");
  if (action.error) {
    must(action.error->code == action.result, "one code");
    must(!action.error->message.empty() && !action.error->advice.empty(), "an error says what happened and what to do");
    must(action.error->retry_after_ms >= 0, "no time in the past");
    return;
  }
  const Want want = found->second.want;
  if (want == Want::load || want == Want::sign_out) return;
  if (want == Want::browse) {
    must(record().pending && disk && disk->pending && disk->pending->state.equals(record().pending->state),
         "an address is handed out when its state is saved");
    return;
  }
  must(record().grant && (machine.unsaved() || ever_saved(*record().grant)),
       "nobody gets what is not saved, unless flagged");
  must((action.result == ECOAUTH_UNSAVED_BUT_USABLE) == machine.unsaved(), "UNSAVED_BUT_USABLE is told");
  if (want == Want::token) {
    must(machine.left_ms(now()) > 0, "a token that is handed out lives");
    must(!machine.token_rejected() || clock.boot_ms() >= rejected_at_ms_ + try_again_ms,
         "a rejected token is not handed out, unless it was a while ago");
  }
}

void Rig::check_rest() const {
  if (!newest_.empty() && record().grant) {
    const bool superseded = record().grant->generation > newest_generation_;
    must(superseded || holds_token(*record().grant, newest_), "the newest refresh token is in memory");
    const bool on_disk =
        disk && disk->grant && (disk->grant->generation > newest_generation_ || holds_token(*disk->grant, newest_));
    const bool on_its_way =
        (machine.job() == Job::refresh || machine.job() == Job::poll || machine.job() == Job::exchange) &&
        (machine.step() == Step::saving || machine.step() == Step::rebasing);
    must(on_disk || on_its_way || machine.unsaved(), "the newest refresh token is saved, or flagged");
  }
  must(waiting.size() == machine.waiters().size(), "who waits is known");
  if (!store.empty() || net != Net::none) return;
  must(machine.holds_lock() == lock_held_, "the lock is where the machine believes it");
  const int64_t wake_ms = machine.wake_at_ms(now());
  must(wake_ms == -1 || wake_ms > clock.boot_ms(), "no timer rings at once: a busy loop");
  if (machine.idle()) {
    must(lock_held_ == machine.unsaved(), "the lock is kept for an unsaved pair, and for nothing else");
    must(waiting.empty() || wake_ms >= 0, "nobody waits for nothing");
    must(!quiesced || waiting.empty(), "after quiesce() nobody waits");
    must(!quiesced || machine.unsaved() || wake_ms == -1, "after quiesce() nothing goes on");
  } else {
    must(machine.step() == Step::waiting_for_lock || machine.step() == Step::backoff,
         "a job that waits, waits for something");
    must(wake_ms > 0, "a job that waits has a timer");
    must(!quiesced, "after quiesce() no job waits");
  }
}

}  // namespace ecoauth::test
