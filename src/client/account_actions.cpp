// What the machine's actions mean in the world.

#include <ecoauth/event.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "client/account.hpp"
#include "client/raw_answer.hpp"

namespace ecoauth {
namespace {

OutgoingRequest request_for(AnswerContext context, const Secret& client_id, const Secret& credential,
                            const std::optional<Pending>& pending, const ClientConfig& config) {
  switch (context) {
    case AnswerContext::exchange:
      return code_exchange_request(client_id, credential, pending->redirect_uri, pending->verifier, config.request);
    case AnswerContext::authorize: return pin_request(client_id, config.scope, config.request);
    case AnswerContext::poll: return pin_exchange_request(client_id, credential, config.request);
    default: return refresh_request(client_id, credential, config.request);
  }
}

const char* name_of(AnswerContext context) {
  switch (context) {
    case AnswerContext::authorize: return "authorization";
    case AnswerContext::poll: return "poll";
    case AnswerContext::exchange: return "code exchange";
    default: return "refresh";
  }
}

}  // namespace

void Account::perform(Action action) {
  switch (action.kind) {
    case Action::Kind::load: load(); break;
    case Action::Kind::save: save(); break;
    case Action::Kind::try_lock:
      on_store([this, key = store_key_](TokenStore* store) -> Apply {
        Result<bool> acquired = true;
        if (!store) {
          acquired = make_error(ECOAUTH_ERROR_STORE, "no worker is to be had for the store");
        } else if (!key.empty()) {
          auto outcome = store->try_lock(key);
          if (outcome)
            acquired = outcome.value() == LockOutcome::acquired;
          else
            acquired = outcome.error();
        }
        return [this, acquired = std::move(acquired)] { machine_.locked(acquired, now()); };
      });
      break;
    case Action::Kind::unlock:
      on_store([key = store_key_](TokenStore* store) -> Apply {
        if (store && !key.empty()) store->unlock(key);
        return [] {};
      });
      break;
    case Action::Kind::erase:
      on_store([this, key = store_key_](TokenStore* store) -> Apply {
        Result<bool> erased = true;
        if (!store)
          erased = make_error(ECOAUTH_ERROR_STORE, "no worker is to be had for the store");
        else if (!key.empty())
          erased = store->erase(key);
        return [this, erased = std::move(erased)] { machine_.erased(erased, now()); };
      });
      break;
    case Action::Kind::connect: connect(action); break;
    case Action::Kind::proceed:
      if (exchange_) exchange_->proceed();
      break;
    case Action::Kind::abandon:
      if (exchange_) exchange_->cancel();
      exchange_.reset();
      ++exchange_number_;  // whatever still comes of it is nobody's
      break;
    case Action::Kind::complete: complete(action); break;
    case Action::Kind::publish: publish(); break;
    case Action::Kind::show_pin:
    case Action::Kind::progress:
    case Action::Kind::token_saved:
    case Action::Kind::unsaved: announce(action.kind); break;
  }
}

void Account::connect(const Action& action) {
  const ClientConfig& config = runtime_->config;
  const AnswerContext context = action.context;
  OutgoingRequest outgoing = request_for(context, client_id(), action.credential, machine_.record().pending, config);
  HttpRequest request;
  request.method = std::move(outgoing.method);
  request.origin = config.origin;
  request.target = std::move(outgoing.target);
  request.content_type = std::move(outgoing.content_type);
  request.body = std::move(outgoing.body);
  request.connect_timeout_ms = config.connect_timeout_ms;
  request.total_timeout_ms = config.request_timeout_ms;

  // What the request carries is cut out of whatever the server echoes.
  auto carried = std::make_shared<std::vector<Secret>>();
  carried->push_back(client_id().clone());
  carried->push_back(action.credential.clone());
  if (const auto& pending = machine_.record().pending) carried->push_back(pending->verifier.clone());
  const int64_t number = ++exchange_number_;
  runtime_->logger.log(LogLevel::debug, "account ", key_, ": ", name_of(context), " at ", config.origin.text(), " with ",
                       action.credential);

  HttpTransport::Hooks hooks;
  hooks.on_ready = [self = shared_from_this(), number] { self->connected(number); };
  hooks.on_done = [self = shared_from_this(), number, context, carried](HttpResult result) {
    std::vector<const Secret*> secrets;
    for (const Secret& secret : *carried) secrets.push_back(&secret);
    Classified answer = classify(context, raw_answer(result), secrets);
    self->runtime_->logger.log(LogLevel::debug, "account ", self->key_, ": ", name_of(context), " ended with HTTP ",
                               result.status, answer.error.message.empty() ? "" : ", ", answer.error.message,
                               answer.note.empty() ? "" : ", ", answer.note, result.detail.empty() ? "" : ", ",
                               result.detail);
    self->answered(number, std::move(answer));
  };
  if (auto transport = runtime_->transport()) {
    exchange_ = transport->submit(std::move(request), std::move(hooks));
    return;
  }
  RawAnswer none;
  none.transfer = RawAnswer::Transfer::not_sent;
  none.trouble = RawAnswer::Trouble::cancelled;
  machine_.answered(classify(context, none), now());
}

void Account::connected(int64_t number) {
  std::lock_guard lock(mutex_);
  if (number != exchange_number_) return;
  machine_.ready(now());
  settle();
}

void Account::answered(int64_t number, Classified answer) {
  std::lock_guard lock(mutex_);
  if (number != exchange_number_) return;
  exchange_.reset();
  machine_.answered(std::move(answer), now());
  settle();
}

void Account::complete(const Action& action) {
  Outcome outcome;
  outcome.result = action.result;
  outcome.error = action.error;
  if (action.result >= 0) outcome.token = hand_out_token(now());
  if (action.result >= 0 && action.want == Want::browse)
    outcome.address = authorization_address(runtime_->config.origin, client_id(), *machine_.record().pending);
  finish(action.operation, std::move(outcome));
}

std::shared_ptr<const Token> Account::hand_out_token(const Now& moment) const {
  const auto& grant = machine_.record().grant;
  if (!grant || grant->access_token.empty()) return nullptr;
  auto token = std::make_shared<Token>();
  token->header.reserve(grant->access_token.size() + 8);
  token->header.append("Bearer ");
  token->header.append(grant->access_token.reveal());
  token->generation = grant->generation;
  token->valid_ms = machine_.left_ms(moment);
  token->scope = grant->scope;
  return token;
}

void Account::publish() {
  const auto& grant = machine_.record().grant;
  if (!grant) {
    cell_.clear();
    return;
  }
  const Now moment = now();
  auto token = hand_out_token(moment);
  if (!token || token->valid_ms <= 0 || machine_.token_rejected())
    cell_.withhold(grant->generation);
  else
    cell_.publish(token->header.clone(), grant->generation, moment.boot_ms + token->valid_ms);
}

const std::string& Account::scope_asked() const {
  const Record& record = machine_.record();
  const bool as_before = !runtime_->config.scope_given && record.grant && !record.scope_asked.empty();
  return as_before ? record.scope_asked : runtime_->config.scope;
}

void Account::note_scope(const Grant& grant) {
  const std::string& asked = scope_asked();
  if (grant.candidates.empty() || grant.scope == logged_scope_) return;
  logged_scope_ = grant.scope;
  const bool covers = scope_covers(grant.scope, asked);
  runtime_->logger.log(covers ? LogLevel::info : LogLevel::warning, "account ", key_, ": the scope granted is ",
                       printable(grant.scope), covers ? "" : ", which lacks some of what is asked for: ",
                       covers ? "" : asked);
}

void Account::announce(Action::Kind kind) {
  const Record& record = machine_.record();
  Event event;
  event.account_key = key_;
  for (const Waiter& waiter : machine_.waiters())
    if (waiter.want == Want::authorize) event.operation = waiter.operation;
  switch (kind) {
    case Action::Kind::show_pin:
      if (!record.pending) return;
      event.kind = ECOAUTH_EVENT_PIN;
      event.pin = record.pending->pin.clone();
      event.verification_url = runtime_->config.verification_url;
      event.text = record.pending->scope;
      event.remaining_ms = std::max<int64_t>(0, machine_.poll_schedule().deadline_ms() - runtime_->clock.boot_ms());
      break;
    case Action::Kind::progress:
      event.kind = ECOAUTH_EVENT_PROGRESS;
      event.remaining_ms = std::max<int64_t>(0, machine_.poll_schedule().deadline_ms() - runtime_->clock.boot_ms());
      break;
    case Action::Kind::token_saved:
      event.kind = ECOAUTH_EVENT_TOKEN;
      event.operation = 0;
      event.generation = record.grant ? record.grant->generation : 0;
      runtime_->logger.log(LogLevel::info, "account ", key_, ": token pair ", event.generation, " is saved and in use");
      if (record.grant) note_scope(*record.grant);
      break;
    default:
      event.kind = ECOAUTH_EVENT_UNSAVED;
      event.operation = 0;
      event.outcome.error = machine_.last_error();
      event.data = unsaved_record_.clone();
      runtime_->logger.log(LogLevel::error, "account ", key_, ": a new token pair could not be saved: ",
                           event.outcome.error ? event.outcome.error->message : std::string());
      break;
  }
  runtime_->events->push(std::move(event));
}

}  // namespace ecoauth
