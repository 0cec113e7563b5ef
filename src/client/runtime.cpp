#include "client/runtime.hpp"

#include <ecoauth/event.h>

#include <chrono>
#include <utility>

#include "client/account.hpp"

namespace ecoauth {
namespace {

constexpr size_t most_store_workers = 64;

Logger event_logger(int32_t level, const std::shared_ptr<EventQueue>& events) {
  if (level <= 0) return {};
  return {static_cast<LogLevel>(level), [weak = std::weak_ptr(events)](LogLevel of_line, std::string_view line) {
            auto queue = weak.lock();
            if (!queue) return;
            Event event;
            event.kind = ECOAUTH_EVENT_LOG;
            event.log_level = static_cast<int32_t>(of_line);
            event.text = line;
            queue->push(std::move(event));
          }};
}

}  // namespace

Runtime::Runtime(ClientSetup setup)
    : config(std::move(setup.config)),
      clock(*setup.clock),
      random(*setup.random),
      events(std::make_shared<EventQueue>(config.dispatch, std::move(setup.deliver), std::move(setup.wakeup))),
      logger(event_logger(setup.log_level, events)),
      workers({"ecoauth-store", most_store_workers, 5000},
              [log = logger](const char* what) { log.log(LogLevel::error, "a worker failed: ", what); }),
      scheduler(clock),
      fork_generation_(process_guard::fork_generation()),
      store_description_(setup.store->description()),
      store_(std::move(setup.store)),
      transport_(std::move(setup.transport)) {
  if (!transport_) transport_ = make_poco_transport(std::move(setup.transport_settings), clock, logger);
}

Runtime::~Runtime() = default;

std::optional<Error> Runtime::usable() const {
  const int32_t code = usable_code();
  if (code == ECOAUTH_OK) return {};
  return make_error(code, code == ECOAUTH_ERROR_FORKED ? "the process has forked since the client was made"
                                                       : "the client has been closed");
}

int32_t Runtime::usable_code() const noexcept {
  if (forked()) return ECOAUTH_ERROR_FORKED;
  return closed_.load(std::memory_order_acquire) ? ECOAUTH_ERROR_CLOSED : ECOAUTH_OK;
}

std::shared_ptr<TokenStore> Runtime::store() const {
  std::lock_guard lock(mutex_);
  return store_;
}

std::shared_ptr<HttpTransport> Runtime::transport() const {
  std::lock_guard lock(mutex_);
  return transport_;
}

void Runtime::release() {
  std::shared_ptr<TokenStore> store;
  std::shared_ptr<HttpTransport> transport;
  std::lock_guard lock(mutex_);
  store.swap(store_);
  transport.swap(transport_);
}

OperationId Runtime::new_operation(const std::shared_ptr<Account>& account) {
  std::lock_guard lock(mutex_);
  operations_.emplace(++last_operation_, account);
  return last_operation_;
}

void Runtime::operation_ended(OperationId operation) {
  std::lock_guard lock(mutex_);
  operations_.erase(operation);
}

std::shared_ptr<Account> Runtime::account_of(OperationId operation) const {
  std::lock_guard lock(mutex_);
  auto found = operations_.find(operation);
  return found == operations_.end() ? nullptr : found->second.lock();
}

void Runtime::something_changed() {
  if (watchers_.load() == 0) return;
  std::lock_guard lock(changes_mutex_);
  ++changes_;
  changed_.notify_all();
}

bool Runtime::wait_until(int64_t timeout_ms, const std::function<bool()>& condition) {
  struct Watching {
    std::atomic<int>& count;
    explicit Watching(std::atomic<int>& watchers) : count(watchers) { ++count; }
    ~Watching() { --count; }
  } watching(watchers_);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    int64_t seen;
    {
      std::lock_guard lock(changes_mutex_);
      seen = changes_;
    }
    if (condition()) return true;
    bool in_time = true;
    {
      auto changed = [&] { return changes_ != seen; };
      std::unique_lock lock(changes_mutex_);
      if (timeout_ms < 0)
        changed_.wait(lock, changed);
      else
        in_time = changed_.wait_until(lock, deadline, changed);
    }
    if (!in_time) return condition();
  }
}

}  // namespace ecoauth
