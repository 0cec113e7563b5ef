#include "net/tls_context.hpp"

#include <Poco/Exception.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/text.hpp"
#include "net/ca_locations.hpp"
#include "net/resolver.hpp"
#include "net/tls_note.hpp"
#include "net/tls_start.hpp"

namespace ecoauth {

using Poco::Net::Context;

namespace {
constexpr size_t max_contexts = 8;  // one server and its portal; a caller with many hosts just rebuilds
constexpr const char* groups = "X25519:P-256:P-384";  // POCO puts X448 first, which costs a round trip
constexpr const char* tls12_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:DHE+AESGCM:!aNULL:!PSK:!SRP";

/// False when the library refuses a part: then there is no context at all.
bool configure(SSL_CTX* context, X509_STORE* store, const std::string& host) {
  SSL_CTX_set_security_level(context, 2);  // POCO 1.12 and later set 0
  bool ok = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
            SSL_CTX_set_max_proto_version(context, 0) == 1 && SSL_CTX_set1_groups_list(context, groups) == 1 &&
            SSL_CTX_set_cipher_list(context, tls12_ciphers) == 1;
  SSL_CTX_set1_cert_store(context, store);
  // No callback: POCO's would ask the host's SSLManager, which may have been told to accept everything.
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CLEANSE_PLAINTEXT);
  SSL_CTX_clear_options(
      context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_info_callback(context, note_tls_progress);
  X509_VERIFY_PARAM* expected = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (is_address(host)) return ok && X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1;
  return ok && X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size()) == 1;
}
}  // namespace

struct TlsContexts::CaStore {
  X509_STORE* store = nullptr;
  ~CaStore() { X509_STORE_free(store); }
};

TlsContexts::TlsContexts(std::string ca_file) : ca_file_(std::move(ca_file)) {}
TlsContexts::~TlsContexts() = default;

Step<Context::Ptr> TlsContexts::for_host(const std::string& given_host) {
  std::string host = tls_name(given_host);
  start_tls_once();
  std::lock_guard lock(mutex_);
  auto known = contexts_.find(host);
  if (known != contexts_.end()) return known->second;
  ERR_clear_error();
  if (!store_) {
    CaLocation location = ca_file_.empty() ? find_ca_location() : ca_location_of(ca_file_);
    if (location.path.empty())
      return Failure{HttpFailure::tls, "no trusted certificates were found on this system; set the CA file"};
    auto store = std::make_unique<CaStore>();
    store->store = X509_STORE_new();
    bool ok = store->store && (location.folder ? X509_STORE_load_path(store->store, location.path.c_str())
                                               : X509_STORE_load_file(store->store, location.path.c_str()));
    ERR_clear_error();
    if (!ok) return Failure{HttpFailure::tls, "the trusted certificates in " + location.path + " could not be read"};
    store_ = std::move(store);
  }
  try {
    Context::Ptr context = new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_STRICT, 9, false, tls12_ciphers);
    // The name is checked inside the handshake. POCO's second check after it skips what comes late and does not know
    // certificates for addresses.
    context->enableExtendedCertificateVerification(false);
    if (!configure(context->sslContext(), store_->store, host)) {
      ERR_clear_error();
      return Failure{HttpFailure::tls, "OpenSSL refused a TLS setting"};
    }
    if (contexts_.size() >= max_contexts) contexts_.clear();
    contexts_[host] = context;
    return context;
  } catch (const Poco::Exception& failed) {
    return Failure{HttpFailure::tls, "TLS could not be set up: " + printable(failed.displayText())};
  }
}

void TlsContexts::forget() {
  std::lock_guard lock(mutex_);
  contexts_.clear();
  store_.reset();
}

std::string tls_name(const std::string& host) {
  return !host.empty() && host.back() == '.' ? host.substr(0, host.size() - 1) : host;
}

bool is_address(const std::string& host) {
  Address ignored;
  return parse_address(host, 0, ignored);
}

}  // namespace ecoauth
