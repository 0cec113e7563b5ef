#include "client/client.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/callback_scope.hpp"
#include "base/thread.hpp"
#include "client/account_list.hpp"

namespace ecoauth {
namespace {

/// Shares one time limit among steps that follow one another.
class TimeLeft {
 public:
  explicit TimeLeft(int64_t timeout_ms) : end_(std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms)) {}
  int64_t ms() const {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
    return std::max<int64_t>(0, left.count());
  }

 private:
  const std::chrono::steady_clock::time_point end_;
};

// What must end at once may take this long even when the time is up: joining threads that are about to end.
constexpr int64_t least_join_ms = 250;

}  // namespace

Client::Client(ClientSetup setup) : fork_store_(setup.store.get()), runtime_(std::make_shared<Runtime>(std::move(setup))) {}

std::shared_ptr<Client> Client::make(ClientSetup setup) {
  std::shared_ptr<Client> client(new Client(std::move(setup)));
  const Runtime& runtime = client->runtime();
  if (const std::string unknown = unknown_scopes(runtime.config.scope); !unknown.empty())
    runtime.logger.log(LogLevel::warning, "ecobee documents no such scope, it is asked for all the same: ", unknown);
  process_guard::add(client);
  static const bool armed = (process_guard::arm_exit(), on_tls_started(process_guard::arm_exit), true);
  (void)armed;
  return client;
}

Client::~Client() { process_guard::remove(this); }

std::shared_ptr<Account> Client::open(const std::string& key) {
  std::lock_guard lock(mutex_);
  auto& account = accounts_[key];
  if (!account) {
    account = std::make_shared<Account>(key, runtime_);
    if (quiesced_) account->quiesce();
  }
  return account;
}

std::vector<std::shared_ptr<Account>> Client::accounts() {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Account>> all;
  all.reserve(accounts_.size());
  for (const auto& entry : accounts_) all.push_back(entry.second);
  return all;
}

Result<std::optional<Event>> Client::next_event(int64_t timeout_ms) { return runtime_->events->next(timeout_ms); }
Result<int32_t> Client::dispatch(int64_t timeout_ms) { return runtime_->events->dispatch(timeout_ms); }
Result<int32_t> Client::wakeup_fd() { return runtime_->events->wakeup_fd(); }

bool Client::cancel(OperationId operation) {
  auto account = runtime_->account_of(operation);
  return account && account->cancel(operation);
}

Result<std::vector<std::string>> Client::stored_accounts(int64_t timeout_ms) {
  struct Answer {
    std::mutex mutex;
    std::optional<Result<std::vector<std::string>>> names;
  };
  const auto answer = std::make_shared<Answer>();
  const Secret& client_id = runtime_->config.client_id;
  const bool posted = runtime_->workers.post(
      [answer, runtime = runtime_, fingerprint = client_id.empty() ? "" : fingerprint_of_client_id(client_id)] {
        auto store = runtime->store();
        Result<std::vector<std::string>> names = make_error(ECOAUTH_ERROR_CANCELLED, "the client is being closed");
        if (store) names = accounts_in(*store, runtime->config.origin.text(), fingerprint, runtime->logger);
        {
          std::lock_guard lock(answer->mutex);
          answer->names = std::move(names);
        }
        runtime->something_changed();
      });
  if (!posted) return make_error(ECOAUTH_ERROR_STORE, "no worker is to be had for the store");
  const bool in_time = runtime_->wait_until(timeout_ms, [&] {
    std::lock_guard lock(answer->mutex);
    return answer->names.has_value() || runtime_->usable();
  });
  std::lock_guard lock(answer->mutex);
  if (answer->names) return std::move(*answer->names);
  return in_time ? make_error(ECOAUTH_ERROR_CANCELLED, "the client is being closed")
                 : make_error(ECOAUTH_ERROR_TIMEOUT, "the time given to the call is over");
}

bool Client::settle_accounts(int64_t timeout_ms) {
  {
    std::lock_guard lock(mutex_);
    quiesced_ = true;
  }
  auto all = accounts();
  for (const auto& account : all) account->quiesce();
  return runtime_->wait_until(timeout_ms, [&] {
    return std::all_of(all.begin(), all.end(), [](const auto& account) { return account->at_rest(); });
  });
}

std::optional<Error> Client::quiesce(int64_t timeout_ms) {
  if (settle_accounts(timeout_ms)) return {};
  std::string unsaved;
  for (const auto& account : accounts())
    if (account->unsaved()) unsaved += (unsaved.empty() ? "" : ", ") + account->key();
  if (!unsaved.empty())
    return make_error(ECOAUTH_ERROR_UNSAVED, "the newest tokens could not be saved, of: " + printable(unsaved));
  return make_error(ECOAUTH_ERROR_TIMEOUT, "something is still under way");
}

bool Client::begin_closing() {
  std::lock_guard lock(mutex_);
  if (closing_) return false;
  closing_ = true;
  runtime_->set_closed();
  runtime_->something_changed();
  return true;
}

void Client::shut_down() {
  const TimeLeft left(runtime_->config.shutdown_timeout_ms);
  settle_accounts(left.ms());
  const Error closed = make_error(ECOAUTH_ERROR_CANCELLED, "the client was closed");
  for (const auto& account : accounts()) account->end_operations(closed);
  if (auto transport = runtime_->transport()) transport->shutdown(std::max(left.ms(), least_join_ms));
  runtime_->scheduler.stop(std::max(left.ms(), least_join_ms));
  runtime_->workers.stop(std::max(left.ms(), least_join_ms));
  runtime_->events->push_closed();
  std::lock_guard lock(mutex_);
  shut_down_ = true;
  shut_down_changed_.notify_all();
}

bool Client::close_start() {
  if (!begin_closing()) return false;
  // No thread to be had: then it takes the caller's time.
  if (!start_thread("ecoauth-close", [self = shared_from_this()] { self->shut_down(); })) shut_down();
  return true;
}

void Client::close() {
  if (inside_callback()) {
    // Waiting here would wait for ourselves.
    if (start_thread("ecoauth-close", [self = shared_from_this()] { self->close(); })) return;
  }
  if (begin_closing()) {
    shut_down();
  } else {
    std::unique_lock lock(mutex_);
    shut_down_changed_.wait(lock, [this] { return shut_down_; });
  }
  const TimeLeft left(runtime_->config.shutdown_timeout_ms);
  runtime_->events->stop(std::max(left.ms(), least_join_ms));
  process_guard::remove(this);
  runtime_->release();
  std::lock_guard lock(mutex_);
  accounts_.clear();
}

void Client::forked_child() noexcept {
  if (fork_store_) fork_store_->close_in_forked_child();
}

void Client::process_exits() {
  runtime_->events->silence();
  if (auto store = runtime_->store()) store->host_ends();
  if (begin_closing()) {
    shut_down();
  } else {
    std::unique_lock lock(mutex_);
    shut_down_changed_.wait_for(lock, std::chrono::milliseconds(runtime_->config.shutdown_timeout_ms + least_join_ms),
                                [this] { return shut_down_; });
  }
  runtime_->events->stop(least_join_ms);
}

}  // namespace ecoauth
