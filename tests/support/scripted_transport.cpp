#include "support/scripted_transport.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ecoauth::test {

struct ScriptedTransport::Core {
  explicit Core(Answer given) : answer(std::move(given)), pool({"scripted", 32, 200}) {}
  const Answer answer;
  WorkerPool pool;
  mutable std::mutex mutex;
  std::vector<std::string> sent;
  std::vector<std::weak_ptr<HttpExchange>> under_way;
};

namespace {

class ScriptedExchange final : public HttpExchange {
 public:
  void proceed() override { set(proceed_); }
  void cancel() override { set(cancelled_); }

  /// False when it was cancelled.
  bool wait_for_proceed() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return proceed_ || cancelled_; });
    return !cancelled_;
  }

 private:
  void set(bool& flag) {
    std::lock_guard lock(mutex_);
    flag = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool proceed_ = false;
  bool cancelled_ = false;
};

}  // namespace

ScriptedTransport::ScriptedTransport(Answer answer) : core_(std::make_shared<Core>(std::move(answer))) {}
ScriptedTransport::~ScriptedTransport() { shutdown(10000); }

std::shared_ptr<HttpExchange> ScriptedTransport::submit(HttpRequest request, Hooks hooks) {
  auto exchange = std::make_shared<ScriptedExchange>();
  if (!hooks.on_ready) exchange->proceed();
  {
    std::lock_guard lock(core_->mutex);
    core_->under_way.push_back(exchange);
  }
  auto shared = std::make_shared<HttpRequest>(std::move(request));
  core_->pool.post([core = core_, exchange, shared, hooks = std::move(hooks)] {
    if (hooks.on_ready) hooks.on_ready();
    HttpResult result;
    if (exchange->wait_for_proceed()) {
      {
        std::lock_guard lock(core->mutex);
        core->sent.push_back(shared->method + " " + std::string(shared->target.reveal()) + " " +
                             std::string(shared->body.reveal()));
      }
      result = core->answer(*shared);
    } else {
      result.failure = HttpFailure::cancelled;
    }
    hooks.on_done(std::move(result));
  });
  return exchange;
}

bool ScriptedTransport::shutdown(int64_t timeout_ms) {
  {
    std::lock_guard lock(core_->mutex);
    for (auto& weak : core_->under_way)
      if (auto exchange = weak.lock()) exchange->cancel();
  }
  return core_->pool.stop(timeout_ms);
}

std::vector<std::string> ScriptedTransport::sent() const {
  std::lock_guard lock(core_->mutex);
  return core_->sent;
}

size_t ScriptedTransport::count(const std::string& part) const {
  auto all = sent();
  return static_cast<size_t>(std::count_if(
      all.begin(), all.end(), [&](const std::string& one) { return one.find(part) != std::string::npos; }));
}

HttpResult answer(int status, std::string_view body) {
  HttpResult result;
  result.outcome = HttpOutcome::answered;
  result.status = status;
  result.body = Secret(body);
  result.content_type = "application/json;charset=UTF-8";
  return result;
}

HttpResult token_answer(const std::string& access_token, const std::string& refresh_token, int64_t expires_in_s) {
  return answer(200, "{\"access_token\": \"" + access_token + "\", \"token_type\": \"Bearer\", \"expires_in\": " +
                         to_text(expires_in_s) + ", \"refresh_token\": \"" + refresh_token +
                         "\", \"scope\": \"openid,smartRead,offline_access\"}");
}

}  // namespace ecoauth::test
