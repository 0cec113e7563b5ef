// Callbacks that leave by an exception, or end their thread, although they must not: the host lives on and is told.
#include <pthread.h>

#include <cstring>
#include <stdexcept>

#include "capi_test.h"

namespace {

enum class Way { standard, other, nothing };

[[noreturn]] void leave(Way way) {
  if (way == Way::standard) throw std::runtime_error("thrown by the host with access token abc");
  throw 42;
}

struct Host {
  Way way = Way::nothing;
  int calls = 0;
  int reports = 0;
  int completed = 0;
};

Host& host(void* user_data) { return *static_cast<Host*>(user_data); }

/// Every callback counts, and then leaves.
void called(void* user_data) {
  add_one(&host(user_data).calls);
  if (host(user_data).way != Way::nothing) leave(host(user_data).way);
}

void on_pin(void* user_data, const char*, const char*, const char*, int64_t) { called(user_data); }
void on_event(void* user_data, const ecoauth_event* event) {
  if (ecoauth_event_kind(event) == ECOAUTH_EVENT_COMPLETED) add_one(&host(user_data).completed);
  called(user_data);
}
void on_log(void* user_data, int32_t level, const char* line) {
  if (std::strstr(line, "CALLBACK") && std::strstr(line, "left by an exception")) {
    CHECK(level == ECOAUTH_LOG_ERROR);
    CHECK(std::strstr(line, "access token") == nullptr);
    add_one(&host(user_data).reports);
  }
  called(user_data);
}
void on_wakeup(void* user_data) { called(user_data); }
void on_end(void* user_data) { called(user_data); }

void use(ecoauth_client* client, const Host& events, int32_t dispatch) {
  ecoauth_account* account = account_of(client);
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin_start(account, &operation, nullptr));
  const int64_t end_ms = now_ms() + LONG_MS;
  while (read_count(&events.completed) == 0) {
    CHECK(now_ms() < end_ms);
    if (dispatch == ECOAUTH_DISPATCH_CALLER)
      CHECK(ecoauth_client_dispatch(client, 20, nullptr) >= 0);
    else
      sleep_ms(2);
  }
  CHECK(ecoauth_account_generation(account) == 1);
  ecoauth_account_close(account);
}

void event_callbacks(Way way, int32_t dispatch) {
  Host pin, events, wakeup, log;
  pin.way = events.way = wakeup.way = way;
  ecoauth_options* options = sandbox_options(dispatch);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_pin_callback(options, on_pin, &pin, on_end));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, &events, on_end));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_wakeup_callback(options, on_wakeup, &wakeup, on_end));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_log_callback(options, ECOAUTH_LOG_ERROR, on_log, &log, on_end));
  ecoauth_client* client = client_of(options);
  use(client, events, dispatch);
  if (dispatch == ECOAUTH_DISPATCH_CALLER) CHECK(ecoauth_client_dispatch(client, 0, nullptr) >= 0);
  const int event_calls = read_count(&events.calls);
  await_count(&log.reports, 2);  // one of the pin callback, one of the event callback at least
  ecoauth_client_free(client);
  CHECK(pin.calls == 2 && events.calls >= event_calls + 1 && wakeup.calls > 1);
}

void standard_exceptions() {
  event_callbacks(Way::standard, ECOAUTH_DISPATCH_WORKER);
  event_callbacks(Way::standard, ECOAUTH_DISPATCH_CALLER);
}

void other_exceptions() { event_callbacks(Way::other, ECOAUTH_DISPATCH_WORKER); }

/// A failing log callback causes no log lines of its own.
void log_callback() {
  Host log, events;
  log.way = Way::other;
  ecoauth_options* options = sandbox_options(ECOAUTH_DISPATCH_WORKER);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, &events, nullptr));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_log_callback(options, ECOAUTH_LOG_TRACE, on_log, &log, on_end));
  ecoauth_client* client = client_of(options);
  use(client, events, ECOAUTH_DISPATCH_WORKER);
  ecoauth_client_free(client);
  CHECK(log.calls > 0 && log.reports == 0);
}

int32_t load(void* user_data, const char*, ecoauth_blob*) {
  called(user_data);
  return ECOAUTH_STORE_NOT_FOUND;
}
int32_t save(void* user_data, const char*, int64_t, const void*, size_t, int64_t) {
  called(user_data);
  return ECOAUTH_STORE_OK;
}
int32_t erase(void* user_data, const char*) {
  called(user_data);
  return ECOAUTH_STORE_OK;
}

void store_callbacks() {
  for (Way way : {Way::standard, Way::other}) {
    Host store;
    ecoauth_error* error = nullptr;
    store.way = way;
    ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_POLL);
    CHECK_RESULT(ECOAUTH_OK,
                 ecoauth_options_set_store(options, ecoauth_store_new_callbacks(&store, on_end, load, save, erase,
                                                                                nullptr, nullptr, nullptr)));
    ecoauth_client* client = client_of(options);
    ecoauth_account* account = account_of(client);
    CHECK_RESULT(ECOAUTH_ERROR_CALLBACK, ecoauth_account_wait(account, 0, LONG_MS, &error));
    CHECK(std::strstr(ecoauth_error_message(error), "load") != nullptr);
    ecoauth_error_free(error);
    CHECK_RESULT(ECOAUTH_OK, ecoauth_account_last_error(account, &error));
    CHECK_RESULT(ECOAUTH_ERROR_CALLBACK, ecoauth_error_code(error));
    ecoauth_error_free(error);
    ecoauth_account_close(account);
    ecoauth_client_free(client);
    CHECK(store.calls >= 2);
  }
}

void finalizers_of_failed_calls() {
  Host data;
  data.way = Way::other;
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, ecoauth_options_set_pin_callback(nullptr, on_pin, &data, on_end));
  ecoauth_store_free(ecoauth_store_new_callbacks(&data, on_end, load, save, erase, nullptr, nullptr, nullptr));
  CHECK(data.calls == 2);
}

void end_thread(void* user_data, const ecoauth_event* event) {
  if (ecoauth_event_kind(event) != ECOAUTH_EVENT_COMPLETED) return;
  add_one(&host(user_data).completed);
  pthread_exit(nullptr);  // as an interpreter does with foreign threads when it ends
}

/// Swallowing that unwinding, or letting it meet a noexcept, would end the process.
void the_thread_is_ended() {
  Host events;
  int64_t operation = 0;
  ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_WORKER);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, end_thread, &events, on_end));
  ecoauth_client* client = client_of(options);
  ecoauth_account* account = account_of(client);
  for (int round = 1; round <= 3; ++round) {
    CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token_start(account, 0, &operation, nullptr));
    await_count(&events.completed, round);
  }
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  CHECK(events.calls == 1);
}

}  // namespace

int main(int argc, char** argv) {
  static const test_case cases[] = {
      {"standard exceptions", standard_exceptions},
      {"other exceptions", other_exceptions},
      {"log callback", log_callback},
      {"store callbacks", store_callbacks},
      {"finalizers of failed calls", finalizers_of_failed_calls},
      {"the thread is ended", the_thread_is_ended},
  };
  return RUN_CASES(argc, argv, cases);
}
