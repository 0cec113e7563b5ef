#include "net/tls_start.hpp"

#include <Poco/Net/Context.h>
#include <openssl/ssl.h>

#include <mutex>

#include "net/poco_transport.hpp"

namespace ecoauth {

namespace {
std::mutex start_mutex;  // trivially destructible
bool started = false;
void (*start_hook)() = nullptr;
// Never read; "used" keeps the compiler from dropping it, and leak detectors from missing it.
[[gnu::used]] Poco::Net::Context* kept = nullptr;
}  // namespace

void start_tls_once() {
  std::lock_guard lock(start_mutex);
  if (started) return;
  // First, because the first caller decides: POCO would load the machine's openssl.cnf, which belongs to programs, not
  // to a library inside one. A host that started OpenSSL before us has decided already; tls_context sets all that
  // matters anyway.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  // POCO counts its contexts and cleans up process-wide when the last goes: this one stays.
  kept = new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, "", Poco::Net::Context::VERIFY_STRICT);
  started = true;
  if (start_hook) start_hook();
}

void on_tls_started(void (*hook)()) {
  std::lock_guard lock(start_mutex);
  start_hook = hook;
  if (started && hook) hook();
}

}  // namespace ecoauth
