// Calls that run out of memory, at each of their allocations in turn: NO_MEMORY, nothing half done, nothing lost; and
// the calls that promise to allocate nothing.
#include <pthread.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>

#include "capi_test.h"

namespace {

thread_local long allocations_left = -1;  // negative: as many as there are
thread_local long allocations = 0;

void* allocate(size_t size) noexcept {
  ++allocations;
  if (allocations_left == 0) return nullptr;
  if (allocations_left > 0) --allocations_left;
  return std::malloc(size ? size : 1);
}

void* allocate_or_throw(size_t size) {
  if (void* memory = allocate(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

// The library's own, too: a program's replacement serves the whole process.
void* operator new(size_t size) { return allocate_or_throw(size); }
void* operator new[](size_t size) { return allocate_or_throw(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace {

/// Calls `call` with room for 0, 1, 2, ... allocations of this thread until it succeeds; every other time it must say
/// NO_MEMORY. Returns how often it failed.
int starve(const char* name, const std::function<int32_t()>& call) {
  for (int room = 0;; ++room) {
    allocations_left = room;
    int32_t result = call();
    allocations_left = -1;
    if (result == ECOAUTH_OK) return room;
    if (result != ECOAUTH_ERROR_NO_MEMORY) std::fprintf(stderr, "%s with room for %d allocations\n", name, room);
    CHECK_RESULT(ECOAUTH_ERROR_NO_MEMORY, result);
    CHECK(room < 1000);
  }
}

int finalized = 0;
void finalize(void*) { ++finalized; }
void on_pin(void*, const char*, const char*, const char*, int64_t) {}
void on_event(void*, const ecoauth_event*) {}
void on_log(void*, int32_t, const char*) {}
void on_wakeup(void*) {}
int32_t load(void*, const char*, ecoauth_blob*) { return ECOAUTH_STORE_NOT_FOUND; }
int32_t save(void*, const char*, int64_t, const void*, size_t, int64_t) { return ECOAUTH_STORE_OK; }
int32_t erase(void*, const char*) { return ECOAUTH_STORE_OK; }

/// An object that is handed out instead of a result.
template <typename Make, typename Free>
int starve_object(const char* name, Make make, Free free_it) {
  return starve(name, [&]() -> int32_t {
    auto object = make();
    if (!object) return ECOAUTH_ERROR_NO_MEMORY;
    free_it(object);
    return ECOAUTH_OK;
  });
}

void builders() {
  CHECK(starve_object("options_new", ecoauth_options_new, ecoauth_options_free) > 0);
  CHECK(starve_object("store_new_memory", ecoauth_store_new_memory, ecoauth_store_free) > 0);
  CHECK(starve_object(
            "store_new_file", [] { return ecoauth_store_new_file("relative/folder"); }, ecoauth_store_free) > 0);
  finalized = 0;
  int failed = starve_object(
      "store_new_callbacks",
      [] { return ecoauth_store_new_callbacks(&finalized, finalize, load, save, erase, nullptr, nullptr, nullptr); },
      ecoauth_store_free);
  CHECK(failed > 0 && finalized == failed + 1);
}

/// A refused call is refused, also when there is no memory to say why.
void refusals() {
  for (int room = 0; room < 5; ++room) {
    ecoauth_error* error = nullptr;
    ecoauth_client* client = nullptr;
    allocations_left = room;
    int32_t refused = ecoauth_options_set_role(nullptr, 7);
    int32_t explained = ecoauth_client_new(nullptr, &client, &error);
    allocations_left = -1;
    CHECK(refused == ECOAUTH_ERROR_INVALID_ARGUMENT || refused == ECOAUTH_ERROR_NO_MEMORY);
    CHECK(explained == ECOAUTH_ERROR_INVALID_ARGUMENT || explained == ECOAUTH_ERROR_NO_MEMORY);
    CHECK(client == nullptr);
    ecoauth_error_free(error);
  }
}

void setters() {
  using Setter = std::function<int32_t(ecoauth_options*)>;
  const struct {
    const char* name;
    Setter set;
    bool takes_data;
  } setters[] = {
      {"client_id", [](auto* o) { return ecoauth_options_set_client_id(o, TEST_CLIENT_ID); }, false},
      {"scope", [](auto* o) { return ecoauth_options_set_scope(o, "smartRead,smartWrite and a long one"); }, false},
      {"base_url", [](auto* o) { return ecoauth_options_set_base_url(o, "https://some.rather.long.example.com:8443"); },
       false},
      {"user_agent", [](auto* o) { return ecoauth_options_set_user_agent(o, "a rather long name of a program"); },
       false},
      {"proxy", [](auto* o) { return ecoauth_options_set_proxy(o, "http://user:password@proxy.example.com:3128"); },
       false},
      {"ca_file", [](auto* o) { return ecoauth_options_set_ca_file(o, "/proc/self/maps"); }, false},
      {"url", [](auto* o) { return ecoauth_options_set_verification_url(o, "https://portal.example.com/pin"); }, false},
      {"pin", [](auto* o) { return ecoauth_options_set_pin_callback(o, on_pin, &finalized, finalize); }, true},
      {"event", [](auto* o) { return ecoauth_options_set_event_callback(o, on_event, &finalized, finalize); }, true},
      {"log", [](auto* o) { return ecoauth_options_set_log_callback(o, 5, on_log, &finalized, finalize); }, true},
      {"wakeup", [](auto* o) { return ecoauth_options_set_wakeup_callback(o, on_wakeup, &finalized, finalize); }, true},
  };
  for (const auto& each : setters) {
    ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_WORKER);
    finalized = 0;
    int failed = starve(each.name, [&] { return each.set(options); });
    CHECK(failed > 0);
    CHECK_NUMBER(each.takes_data ? failed : 0, finalized);
    ecoauth_options_free(options);
    CHECK_NUMBER(each.takes_data ? failed + 1 : 0, finalized);
  }
}

void clients() {
  int made = 0;
  finalized = 0;
  int failed = starve("client_new", [&] {
    const long room = allocations_left;
    ecoauth_client* client = nullptr;
    allocations_left = -1;
    ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_WORKER);
    CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, &finalized, finalize));
    CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_wakeup_callback(options, on_wakeup, &finalized, finalize));
    allocations_left = room;
    int32_t result = ecoauth_client_new(options, &client, nullptr);
    allocations_left = -1;
    CHECK((result == ECOAUTH_OK) == (client != nullptr));
    ecoauth_client_free(client);
    CHECK_NUMBER(2 * ++made, finalized);
    return result;
  });
  CHECK(failed > 5);
}

void accounts() {
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = nullptr;
  ecoauth_status* status = nullptr;
  CHECK(starve("account_open",
               [&] { return ecoauth_account_open(client, "some account with a long name", &account, nullptr); }) > 0);
  CHECK(starve("account_status", [&] { return ecoauth_account_status(account, &status, nullptr); }) > 0);
  CHECK_TEXT("some account with a long name", ecoauth_status_account_key(status));
  ecoauth_status_free(status);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/// An operation that could not be started has no end, and the account works on.
void operations() {
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_token* token = nullptr;
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, nullptr));
  CHECK(starve("get_token_start", [&] { return ecoauth_account_get_token_start(account, 0, &operation, nullptr); }) >
        0);
  CHECK(starve("get_token", [&] {
          ecoauth_token_free(token);
          return ecoauth_account_get_token(account, 0, LONG_MS, &token, nullptr);
        }) > 0);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_quiesce(client, LONG_MS, nullptr));
  CHECK_NUMBER(1, ecoauth_token_generation(token));
  ecoauth_token_free(token);
  ecoauth_event_free(await_completed(client, operation));
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/// The calls of hot paths promise to allocate nothing.
void hot_paths() {
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_token* token = nullptr;
  char buffer[8192];
  size_t needed = 0;
  int64_t generation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token(account, 0, LONG_MS, &token, nullptr));
  const long before = allocations;
  allocations_left = 0;
  const int32_t copied = ecoauth_account_copy_token(account, buffer, sizeof buffer, &needed, &generation);
  const int32_t header = ecoauth_account_authorization_header(account, buffer, sizeof buffer, &needed, &generation);
  const int32_t small = ecoauth_account_copy_token(account, buffer, 3, &needed, &generation);
  const int64_t newest = ecoauth_account_generation(account);
  const char* text = ecoauth_token_access_token(token);
  allocations_left = -1;
  CHECK_NUMBER(before, allocations);
  CHECK_RESULT(ECOAUTH_OK, copied);
  CHECK_RESULT(ECOAUTH_OK, header);
  CHECK_RESULT(ECOAUTH_ERROR_BUFFER_TOO_SMALL, small);
  CHECK_NUMBER(1, newest);
  CHECK(std::strlen(text) > 20);
  ecoauth_token_free(token);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

}  // namespace

int main(int argc, char** argv) {
  static const test_case cases[] = {
      {"builders", builders}, {"refusals", refusals},     {"setters", setters},     {"clients", clients},
      {"accounts", accounts}, {"operations", operations}, {"hot paths", hot_paths},
  };
  return RUN_CASES(argc, argv, cases);
}
