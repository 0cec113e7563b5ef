#include "net/poco_transport.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/thread.hpp"
#include "net/exchange.hpp"
#include "net/transport_core.hpp"

namespace ecoauth {

namespace {

class PocoTransport final : public HttpTransport {
 public:
  PocoTransport(TransportSettings settings, const Clock& clock, Logger logger, ResolveFunction resolve)
      : core_(std::make_shared<TransportCore>(std::move(settings), clock, std::move(logger), std::move(resolve))) {}
  ~PocoTransport() override { core_->shutdown(0); }

  std::shared_ptr<HttpExchange> submit(HttpRequest request, Hooks hooks) override {
    return core_->submit(std::move(request), std::move(hooks));
  }
  bool shutdown(int64_t timeout_ms) override { return core_->shutdown(timeout_ms); }

 private:
  const std::shared_ptr<TransportCore> core_;
};

Proxy proxy_of(TransportSettings& settings) {
  auto proxy = parse_proxy(settings.proxy_url);
  wipe(settings.proxy_url);
  return proxy.ok() ? std::move(proxy.value()) : Proxy{};
}

}  // namespace

Result<TransportSettings> check_transport_settings(TransportSettings settings) {
  auto proxy = parse_proxy(settings.proxy_url);
  if (!proxy.ok()) return proxy.error();
  bool printable_agent =
      std::all_of(settings.user_agent.begin(), settings.user_agent.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!printable_agent || settings.user_agent.size() > 256)
    return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, "the user agent is not a short line of ASCII text");
  if (!settings.ca_file.empty() && access(settings.ca_file.c_str(), R_OK) != 0)
    return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, "the CA file cannot be read",
                      "Name a PEM bundle or a hashed folder that this user may read.");
  if (settings.max_workers < 1 || settings.max_workers > 1024)
    return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, "the number of workers must be between 1 and 1024");
  return settings;
}

std::unique_ptr<HttpTransport> make_poco_transport(TransportSettings settings, const Clock& clock, Logger logger) {
  return make_poco_transport(std::move(settings), clock, std::move(logger), resolve_by_system);
}

std::unique_ptr<HttpTransport> make_poco_transport(TransportSettings settings, const Clock& clock, Logger logger,
                                                   ResolveFunction resolve) {
  return std::make_unique<PocoTransport>(std::move(settings), clock, std::move(logger), std::move(resolve));
}

// One worker more than requests: it ends those whose time runs out while they wait for their turn.
TransportCore::TransportCore(TransportSettings settings, const Clock& given_clock, Logger given_logger,
                             ResolveFunction resolve)
    : user_agent(settings.user_agent),
      proxy(proxy_of(settings)),
      clock(given_clock),
      logger(std::move(given_logger)),
      contexts(settings.ca_file),
      resolver(std::move(resolve), given_clock),
      guard(given_clock),
      max_workers_(settings.max_workers),
      pool_({"ecoauth-net", settings.max_workers + 1, 5000},
            [log = logger](const char* what) { log.log(LogLevel::error, "a network worker failed: ", what); }) {}

std::shared_ptr<HttpExchange> TransportCore::submit(HttpRequest request, HttpTransport::Hooks hooks) {
  auto exchange = std::make_shared<Exchange>(shared_from_this(), std::move(request), std::move(hooks));
  HttpFailure refused = exchange->watch() ? HttpFailure::none : HttpFailure::connect;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) {
      refused = HttpFailure::cancelled;
    } else if (refused == HttpFailure::none) {
      all_.insert(exchange);
      waiting_.push_back(exchange);
    }
  }
  if (refused != HttpFailure::none) {
    HttpResult result;
    result.failure = refused;
    result.detail = refused == HttpFailure::cancelled ? "the transport is shut down" : "no thread could be started";
    complete_elsewhere(exchange, std::move(result));
    return exchange;
  }
  slot_free();
  return exchange;
}

// Releases the place of a running request, also when a hook throws, and gives it to the next one.
struct TransportCore::Slot {
  std::shared_ptr<TransportCore> core;
  ~Slot() {
    {
      std::lock_guard lock(core->mutex_);
      --core->running_;
    }
    core->slot_free();
  }
};

void TransportCore::slot_free() {
  std::shared_ptr<Exchange> next;
  {
    std::lock_guard lock(mutex_);
    if (waiting_.empty() || running_ >= max_workers_) return;
    next = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
  }
  if (start(next)) return;
  {
    std::lock_guard lock(mutex_);
    --running_;
  }
  complete_elsewhere(next, next->given_up("no thread could be started"));
}

bool TransportCore::start(std::shared_ptr<Exchange> exchange) {
  return pool_.post([core = shared_from_this(), exchange] {
    Slot slot{core};
    HttpResult result;
    try {
      result = exchange->perform();
    } catch (const std::exception& defect) {
      result = exchange->given_up(defect.what());
    }
    core->finish(exchange, std::move(result));
  });
}

void TransportCore::finish(const std::shared_ptr<Exchange>& exchange, HttpResult result) {
  exchange->unwatch();
  {
    std::lock_guard lock(mutex_);
    all_.erase(exchange);
  }
  if (result.outcome != HttpOutcome::answered)
    logger.log(LogLevel::debug, "a request ended without an answer: ", result.detail);
  exchange->report(std::move(result));
}

void TransportCore::complete_elsewhere(std::shared_ptr<Exchange> exchange, HttpResult result) {
  auto shared = std::make_shared<HttpResult>(std::move(result));
  auto task = [core = shared_from_this(), exchange, shared] { core->finish(exchange, std::move(*shared)); };
  if (!pool_.post(task)) start_thread("ecoauth-net", task);
}

void TransportCore::end_early(const std::shared_ptr<Exchange>& exchange) {
  {
    std::lock_guard lock(mutex_);
    auto at = std::find(waiting_.begin(), waiting_.end(), exchange);
    if (at == waiting_.end()) return;  // a worker has it and has been told
    waiting_.erase(at);
  }
  complete_elsewhere(exchange, exchange->not_begun());
}

void TransportCore::cancel_all() {
  std::set<std::shared_ptr<Exchange>> all;
  {
    std::lock_guard lock(mutex_);
    all = all_;
  }
  for (const auto& exchange : all) exchange->cancel();
}

bool TransportCore::shutdown(int64_t timeout_ms) {
  int64_t deadline_ms = system_clock().boot_ms() + timeout_ms;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  cancel_all();
  bool ended = pool_.stop(timeout_ms);
  return guard.stop(std::max<int64_t>(0, deadline_ms - system_clock().boot_ms())) && ended;
}

}  // namespace ecoauth
