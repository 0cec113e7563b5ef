#include "cli/session.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

constexpr int64_t patience_for_saving_ms = 60'000;
constexpr int64_t listing_timeout_ms = 20'000;
constexpr int64_t shutdown_ms = 8'000;     // the library's own bound, its default
constexpr int64_t explain_after_ms = 700;  // an end that takes longer is explained

void set_client_id(ecoauth_options* options, const ClientId& client_id) {
  if (!client_id.empty() && ecoauth_options_set_client_id(options, client_id.c_str()) < 0)
    throw Failure::usage("the client id (application key) is not accepted",
                         "Check it; ecobee's have 32 letters and digits.");
}

/// The library wants no verdict on a value to contain the value: an address may hold a password.
void set_texts(ecoauth_options* options, const Settings& settings) {
  if (!settings.server.empty() && ecoauth_options_set_base_url(options, settings.server.c_str()) < 0)
    throw Failure::usage("the server's address is not accepted",
                         "Give scheme, host and port only: https://HOST[:PORT], or http:// to this machine.");
  if (!settings.scope.empty() && ecoauth_options_set_scope(options, settings.scope.c_str()) < 0)
    throw Failure::usage("the scope is not accepted", "Use smartRead, smartWrite or ems, or several with commas.");
  if (!settings.ca_file.empty() && ecoauth_options_set_ca_file(options, settings.ca_file.c_str()) < 0)
    throw Failure::usage("the file of CA certificates is not accepted", "Check --ca-file.");
  if (!settings.proxy.empty() && ecoauth_options_set_proxy(options, settings.proxy.c_str()) < 0)
    throw Failure::usage("the proxy's address is not accepted", "Give http://HOST:PORT.");
}

void set_store(ecoauth_options* options, const Settings& settings) {
  const std::string& folder = settings.store_folder;
  StoreHandle store(folder.empty() ? ecoauth_store_new_memory() : ecoauth_store_new_file(folder.c_str()));
  if (store != nullptr) seal(store.get(), settings.seal);
  if (store == nullptr || ecoauth_options_set_store(options, store.release()) < 0)
    throw Failure::usage("the store's folder is not accepted", "Check --store: file:/path/to/folder.");
}

OptionsHandle options_of(const Settings& settings, const ClientId& client_id) {
  OptionsHandle options(ecoauth_options_new());
  if (options == nullptr) throw Failure::from(ECOAUTH_ERROR_NO_MEMORY, nullptr);
  set_client_id(options.get(), client_id);
  set_texts(options.get(), settings);
  set_store(options.get(), settings);
  int32_t result = ecoauth_options_set_dispatch(options.get(), ECOAUTH_DISPATCH_POLL);
  if (result >= 0) result = ecoauth_options_set_log_level(options.get(), settings.log_level);
  if (result >= 0 && settings.only_looks) result = ecoauth_options_set_role(options.get(), ECOAUTH_ROLE_FOLLOWER);
  if (result >= 0 && settings.keeps_fresh)
    result = ecoauth_options_set_keep_fresh(options.get(), ECOAUTH_KEEP_FRESH_ALWAYS);
  if (result >= 0) result = ecoauth_options_set_shutdown_timeout_ms(options.get(), shutdown_ms);
  if (result < 0) throw Failure::from(result, nullptr);
  return options;
}

/// Takes the error of a call and throws it. A reference: the call in the first argument may be the last to be
/// evaluated.
void check(int32_t result, ecoauth_error* const& error) {
  const ErrorHandle owned(error);
  if (result < 0) throw Failure::from(result, error);
}

}  // namespace

Session::Session(const Settings& settings, const ClientId& client_id, Output& output, const Signals& signals)
    : output_(output), signals_(signals) {
  OptionsHandle options = options_of(settings, client_id);
  ecoauth_error* error = nullptr;
  ecoauth_client* client = nullptr;
  check(ecoauth_client_new(options.release(), &client, &error), error);
  client_.reset(client);
  const char* key = settings.account.empty() ? nullptr : settings.account.c_str();
  ecoauth_account* account = nullptr;
  if (ecoauth_account_open(client, key, &account, nullptr) == ECOAUTH_ERROR_INVALID_ARGUMENT)
    throw Failure::usage("the account's name is not accepted", "Use 1 to 200 bytes of text.");
  if (account == nullptr) throw Failure::from(ECOAUTH_ERROR_NO_MEMORY, nullptr);
  account_.reset(account);
  int32_t fd = -1;
  check(ecoauth_client_wakeup_fd(client, &fd, &error), error);
  wakeup_fd_ = fd;
}

EventHandle Session::next_event(int64_t timeout_ms) {
  const int64_t end_ms = boot_ms() + timeout_ms;
  bool looked = false;
  for (;;) {
    // Drained before looking, so that what comes in between wakes the next poll().
    char bytes[64];
    while (read(wakeup_fd_, bytes, sizeof bytes) > 0) continue;
    ecoauth_event* event = nullptr;
    const int32_t result = ecoauth_client_next_event(client_.get(), 0, &event, nullptr);
    if (event != nullptr) return EventHandle(event);
    if (result < 0 && result != ECOAUTH_ERROR_TIMEOUT) closed_ = true;  // no events will come any more
    const int64_t left_ms = timeout_ms < 0 ? -1 : std::max<int64_t>(0, end_ms - boot_ms());
    if (closed_ || (looked && (left_ms == 0 || Signals::raised()))) return nullptr;
    // After a signal its descriptor stays readable and is not looked at again.
    pollfd waited[] = {{wakeup_fd_, POLLIN, 0}, {Signals::raised() ? -1 : signals_.fd(), POLLIN, 0}};
    poll(waited, 2, static_cast<int>(std::min<int64_t>(left_ms, 3'600'000)));
    looked = true;
  }
}

void Session::handle(const ecoauth_event* event, Watcher* watcher) {
  switch (ecoauth_event_kind(event)) {
    case ECOAUTH_EVENT_LOG:
      output_.log(ecoauth_event_log_level(event), ecoauth_event_text(event), ecoauth_event_dropped(event));
      return;
    case ECOAUTH_EVENT_UNSAVED:
      unsaved(event);
      break;
    case ECOAUTH_EVENT_TOKEN:
      unsaved_ = false;
      break;
    case ECOAUTH_EVENT_CLOSED:
      closed_ = true;
      break;
    default:
      break;
  }
  if (watcher != nullptr) watcher->happened(event);
}

EventHandle Session::run(const Start& start, Watcher* watcher) {
  ecoauth_error* error = nullptr;
  int64_t operation = 0;
  check(start(account_.get(), &operation, &error), error);
  bool cancelled = false;
  int64_t tick_at_ms = watcher != nullptr ? 0 : -1;
  for (;;) {
    if (Signals::raised() && !cancelled) {
      ecoauth_client_cancel(client_.get(), operation);
      cancelled = true;
    }
    if (tick_at_ms >= 0 && boot_ms() >= tick_at_ms) tick_at_ms = boot_ms() + watcher->tick();
    EventHandle event = next_event(tick_at_ms < 0 ? -1 : std::max<int64_t>(0, tick_at_ms - boot_ms()));
    if (closed_) throw Failure::from(ECOAUTH_ERROR_CLOSED, nullptr);
    if (event == nullptr) continue;
    if (ecoauth_event_kind(event.get()) == ECOAUTH_EVENT_COMPLETED &&
        ecoauth_event_operation(event.get()) == operation) {
      const int32_t result = ecoauth_event_result(event.get());
      if (result == ECOAUTH_ERROR_CANCELLED && cancelled)
        throw Failure::interrupted("What the server had already answered is saved. Run the command again.");
      if (result < 0) throw Failure::from(result, ecoauth_event_error(event.get()));
      return event;
    }
    handle(event.get(), watcher);
  }
}

StatusHandle Session::read_status() {
  run([](ecoauth_account* account, int64_t* operation, ecoauth_error** error) {
    return ecoauth_account_wait_start(account, 0, operation, error);
  });
  return status();
}

StatusHandle Session::status() {
  ecoauth_error* error = nullptr;
  ecoauth_status* status = nullptr;
  check(ecoauth_account_status(account_.get(), &status, &error), error);
  return StatusHandle(status);
}

StatusHandle Session::read_status_of(const std::string& account) {
  ecoauth_error* error = nullptr;
  ecoauth_account* handle = nullptr;
  check(ecoauth_account_open(client_.get(), account.c_str(), &handle, &error), error);
  AccountHandle other(handle);
  account_.swap(other);
  try {
    StatusHandle status = read_status();
    account_.swap(other);
    return status;
  } catch (const Failure&) {
    account_.swap(other);
    throw;
  }
}

std::vector<std::string> Session::accounts() {
  ecoauth_error* error = nullptr;
  ecoauth_account_list* list = nullptr;
  check(ecoauth_client_accounts(client_.get(), listing_timeout_ms, &list, &error), error);
  const AccountListHandle owned(list);
  std::vector<std::string> names;
  for (size_t i = 0; i < ecoauth_account_list_size(list); ++i) names.emplace_back(ecoauth_account_list_key(list, i));
  return names;
}

void Session::watch(Watcher& watcher, const std::function<bool()>& over) {
  int64_t tick_at_ms = 0;
  while (!Signals::raised() && !closed_ && !over()) {
    if (boot_ms() >= tick_at_ms) tick_at_ms = boot_ms() + watcher.tick();
    if (const EventHandle event = next_event(std::max<int64_t>(0, tick_at_ms - boot_ms())))
      handle(event.get(), &watcher);
  }
}

ErrorHandle Session::last_error() {
  ecoauth_error* error = nullptr;
  const int32_t result = ecoauth_account_last_error(account_.get(), &error);
  ErrorHandle owned(error);
  if (result < 0) owned.reset();
  return owned;
}

void Session::unsaved(const ecoauth_event* event) {
  if (!unsaved_) {
    const Failure failure = Failure::from(ECOAUTH_ERROR_UNSAVED, ecoauth_event_error(event));
    output_.warn("The new tokens could not be saved: " + failure.message);
    output_.warn("What to do, now: " + failure.advice + " Saving is tried again for a minute.");
  }
  unsaved_ = true;
}

void Session::wait_until_saved() {
  const int64_t end_ms = boot_ms() + patience_for_saving_ms;
  const bool was_unsaved = unsaved_;
  while (unsaved_ && !closed_ && !Signals::raised() && boot_ms() < end_ms) {
    if (const EventHandle event = next_event(end_ms - boot_ms())) handle(event.get(), nullptr);
  }
  if (was_unsaved && !unsaved_) output_.say("The new tokens are saved now.");
}

void Session::close() {
  if (client_ == nullptr) return;
  wait_until_saved();
  const int64_t begin_ms = boot_ms();
  ecoauth_client_close_start(client_.get(), nullptr);
  bool explained = false;
  while (!closed_ && boot_ms() < begin_ms + shutdown_ms + 1000) {
    if (!explained && boot_ms() >= begin_ms + explain_after_ms) {
      output_.say("Finishing a request that is under way, so that no token is lost (Ctrl-C ends at once) ...");
      explained = true;
    }
    if (const EventHandle event = next_event(explained ? 1000 : explain_after_ms)) handle(event.get(), nullptr);
  }
  account_.reset();
  client_.reset();
  if (wakeup_fd_ >= 0) ::close(wakeup_fd_);
}

void Session::finish() {
  close();
  if (!unsaved_) return;
  const char* message = "the newest tokens could not be saved and end with this program";
  const char* advice =
      "Make the store writable, then run \"ecoauth refresh\". If the server refuses the stored tokens for good, log in "
      "again.";
  Failure failure = Failure::usage(message, advice);
  failure.code = Signals::raised() ? ECOAUTH_ERROR_CANCELLED : ECOAUTH_ERROR_UNSAVED;
  failure.action = ECOAUTH_ACTION_FIX_STORAGE;
  throw failure;
}

}  // namespace ecoauth::cli
