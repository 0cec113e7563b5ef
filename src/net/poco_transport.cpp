#include "net/poco_transport.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/thread.hpp"
#include "net/ca_locations.hpp"
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
  if (ca_location_of(settings.ca_file).folder && !is_hashed_folder(settings.ca_file))
    return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT,
                      "the CA folder holds no hash links, so OpenSSL would find nothing",
                      "Run openssl rehash on it, or name a PEM bundle.");
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
  exchange->watch();
  bool stopping;
  {
    std::lock_guard lock(mutex_);
    stopping = stopping_;
    all_.insert(exchange);
    waiting_.push_back(exchange);
  }
  if (stopping)
    exchange->cancel();
  else if (exchange->over())
    end_early(exchange);  // its time ran out before it stood in the queue
  else
    start_worker();
  return exchange;
}

// A worker's place among max_workers_. It is given back by work() itself, or here when a hook ended the thread.
struct TransportCore::Place {
  std::shared_ptr<TransportCore> core;
  bool given_back = false;
  ~Place() {
    if (given_back) return;
    {
      std::lock_guard lock(core->mutex_);
      --core->working_;
    }
    core->start_worker();
  }
};

// Without a thread to be had the request waits for the next worker, and its deadline goes on.
void TransportCore::start_worker() {
  std::lock_guard lock(mutex_);
  if (waiting_.empty() || working_ >= max_workers_) return;
  ++working_;
  try {
    if (pool_.post([core = shared_from_this()] { core->work(); })) return;
  } catch (const std::bad_alloc&) {
  }
  --working_;
}

void TransportCore::work() {
  Place place{shared_from_this()};
  for (;;) {
    std::shared_ptr<Exchange> next;
    {
      std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        --working_;
        place.given_back = true;
        return;
      }
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    run(next);
  }
}

void TransportCore::run(const std::shared_ptr<Exchange>& exchange) {
  HttpResult result;
  try {
    result = exchange->perform();
  } catch (const std::exception& defect) {
    result = exchange->given_up(defect.what());
  }
  finish(exchange, std::move(result));
}

void TransportCore::finish(const std::shared_ptr<Exchange>& exchange, HttpResult result) {
  exchange->unwatch();
  {
    std::lock_guard lock(mutex_);
    all_.erase(exchange);
  }
  if (result.outcome != HttpOutcome::answered)
    logger.log(LogLevel::debug, "a request ended without an answer: ", result.detail);
  try {
    exchange->report(std::move(result));
  } catch (const std::exception& defect) {
    logger.log(LogLevel::error, "the end of a request could not be told: ", defect.what());
  }
}

bool TransportCore::take_waiting(const std::shared_ptr<Exchange>& exchange) {
  std::lock_guard lock(mutex_);
  auto at = std::find(waiting_.begin(), waiting_.end(), exchange);
  if (at == waiting_.end()) return false;
  waiting_.erase(at);
  return true;
}

void TransportCore::end_early(const std::shared_ptr<Exchange>& exchange) {
  {
    std::lock_guard lock(mutex_);
    if (std::find(waiting_.begin(), waiting_.end(), exchange) == waiting_.end()) return;  // a worker has it
  }
  auto end = [core = shared_from_this(), exchange] {
    if (core->take_waiting(exchange)) core->finish(exchange, exchange->not_begun());
  };
  // After shutdown() the pool takes nothing; a late submit() still hears back.
  if (!pool_.post(end)) start_thread("ecoauth-net", end);
}

void TransportCore::end_waiting() {
  for (;;) {
    std::shared_ptr<Exchange> next;
    {
      std::lock_guard lock(mutex_);
      if (waiting_.empty()) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    finish(next, next->not_begun());
  }
}

// Allocates nothing that it needs: a destructor comes here too.
bool TransportCore::shutdown(int64_t timeout_ms) {
  int64_t deadline_ms = system_clock().boot_ms() + timeout_ms;
  bool waiting;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting = !waiting_.empty();
    for (const auto& exchange : all_) exchange->raise(HttpFailure::cancelled);  // all before the next one's turn comes
  }
  try {
    if (waiting) pool_.post([core = shared_from_this()] { core->end_waiting(); });
  } catch (const std::bad_alloc&) {
    // A worker comes to them when it has ended its own.
  }
  bool ended = pool_.stop(timeout_ms);
  if (ended) end_waiting();  // those that no thread could be found for
  return guard.stop(std::max<int64_t>(0, deadline_ms - system_clock().boot_ms())) && ended;
}

}  // namespace ecoauth
