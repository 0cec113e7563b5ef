// Authorized API requests: the token in the header, a refused token refreshed and the request repeated, once.

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "client/account.hpp"
#include "client/raw_answer.hpp"

namespace ecoauth {
namespace {

constexpr size_t smallest_cap_bytes = 64 * 1024;  // so much is read whatever the caller wants, to know a refused token
constexpr int64_t patience_ms = 15 * 60 * 1000;   // API status 1 in spite of good refreshes, before a person is asked
constexpr int64_t api_refusal_retry_ms = 60 * 1000;

bool says_no(const Classified& answer) { return answer.error.api_status == 1; }

Error too_large(size_t cap_bytes, int http_status) {
  Error error =
      make_error(ECOAUTH_ERROR_PROTOCOL,
                 "the answer is larger than the " + to_text(static_cast<int64_t>(cap_bytes)) + " bytes allowed",
                 "Ask the API for less, or allow more.");
  error.action = ECOAUTH_ACTION_FIX_CONFIG;
  error.http_status = http_status;
  return error;
}

}  // namespace

struct Account::ApiCall {
  OperationId operation = 0;
  OperationId token_operation = 0;  // this call's own wait for a token
  Command command;
  std::shared_ptr<const Token> token;
  bool repeated = false;
  bool abandoned = false;
  std::shared_ptr<HttpExchange> exchange;
};

void Account::begin_request(OperationId operation, Command command) {
  auto call = std::make_shared<ApiCall>();
  call->operation = operation;
  call->command = std::move(command);
  api_calls_[operation] = call;
  get_token_for(call);
}

void Account::get_token_for(const std::shared_ptr<ApiCall>& call) {
  call->token_operation = runtime_->new_operation(shared_from_this());
  operations_[call->token_operation] = [this, call](Outcome outcome) { send(call, std::move(outcome)); };
  Waiter waiter;
  waiter.operation = call->token_operation;
  waiter.want = Want::token;
  machine_.want(waiter, now());
}

void Account::abandon(ApiCall& call) {
  call.abandoned = true;
  machine_.cancel(call.token_operation, now());
  operations_.erase(call.token_operation);
  runtime_->operation_ended(call.token_operation);
  if (call.exchange) call.exchange->cancel();
}

void Account::send(const std::shared_ptr<ApiCall>& call, Outcome token) {
  if (call->abandoned) return;
  auto transport = runtime_->transport();
  if (token.result >= 0 && (!token.token || !transport)) {
    token.error = make_error(ECOAUTH_ERROR_CLOSED, "the client has been closed");
    token.result = token.error->code;
  }
  if (token.result < 0) {
    finish(call->operation, std::move(token));
    return;
  }
  call->token = std::move(token.token);
  const ClientConfig& config = runtime_->config;
  HttpRequest request;
  request.method = call->command.method;
  request.origin = config.origin;
  request.target = call->command.target.clone();
  request.headers.emplace_back("Authorization", call->token->header.clone());
  for (const auto& [name, value] : call->command.headers) request.headers.emplace_back(name, value.clone());
  request.content_type = call->command.content_type;
  request.body = call->command.body.clone();
  request.connect_timeout_ms = config.connect_timeout_ms;
  request.total_timeout_ms = config.request_timeout_ms;
  request.max_answer_bytes = std::max(call->command.max_response_bytes, smallest_cap_bytes);
  HttpTransport::Hooks hooks;
  hooks.on_done = [self = shared_from_this(), call](HttpResult result) {
    self->request_answered(call, std::move(result));
  };
  call->exchange = transport->submit(std::move(request), std::move(hooks));
}

void Account::request_answered(const std::shared_ptr<ApiCall>& call, HttpResult result) {
  Classified answer = classify(AnswerContext::request, raw_answer(result), {&call->token->header});
  std::lock_guard lock(mutex_);
  call->exchange.reset();
  if (call->abandoned) return;
  runtime_->logger.log(LogLevel::debug, "account ", key_, ": API request ended with HTTP ", result.status,
                       ", API status ", answer.error.api_status);
  if (answer.answer_class == AnswerClass::token_expired && !call->repeated) {
    call->repeated = true;
    machine_.rejected(call->token->generation, now());
    get_token_for(call);
  } else {
    finish(call->operation, conclude(call, std::move(result), std::move(answer)));
  }
  settle();
}

Outcome Account::conclude(const std::shared_ptr<ApiCall>& call, HttpResult result, Classified answer) {
  Outcome outcome;
  auto fail = [&](Error error) {
    outcome.result = error.code;
    outcome.error = std::move(error);
    return std::move(outcome);
  };
  const size_t cap_bytes = call->command.max_response_bytes;
  if (result.failure == HttpFailure::too_large && result.body.size() > 0)  // not the head's size
    return fail(too_large(cap_bytes, result.status));
  if (result.outcome != HttpOutcome::answered) return fail(std::move(answer.error));
  if (answer.answer_class == AnswerClass::revoked) {
    machine_.revoked(now());
    return fail(std::move(answer.error));
  }
  if (says_no(answer) && call->repeated) {
    int64_t now_ms = runtime_->clock.boot_ms();
    if (api_refused_since_ms_ < 0) api_refused_since_ms_ = now_ms;
    bool long_enough = now_ms - api_refused_since_ms_ >= patience_ms;
    answer.error.code = ECOAUTH_ERROR_NEEDS_AUTHORIZATION;
    answer.error.message = "the API refuses a token that was refreshed just now";
    answer.error.action = long_enough ? ECOAUTH_ACTION_REAUTHORIZE : ECOAUTH_ACTION_RETRY;
    answer.error.advice = long_enough ? "Authorize the account again; the grant is kept until then."
                                      : "Wait a minute and try again; this may pass.";
    answer.error.retry_after_ms = long_enough ? 0 : api_refusal_retry_ms;
    return fail(std::move(answer.error));
  }
  api_refused_since_ms_ = -1;
  if (result.body.size() > cap_bytes) return fail(too_large(cap_bytes, result.status));
  auto response = std::make_shared<Response>();
  response->http_status = result.status;
  response->api_status = answer.error.api_status;
  response->body = std::move(result.body);
  response->content_type = std::move(result.content_type);
  outcome.response = std::move(response);
  return outcome;
}

}  // namespace ecoauth
