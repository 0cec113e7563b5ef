// What a peer must prove, fixed before the handshake, and the only place that configures TLS. Nothing process-wide is
// touched: a host that uses POCO or OpenSSL itself can neither weaken this nor feels it.
#pragma once

#include <Poco/Net/Context.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "net/failure.hpp"

namespace ecoauth {

class TlsContexts {
 public:
  /// `ca_file`: see TransportSettings. Nothing is read before the first context.
  explicit TlsContexts(std::string ca_file);
  ~TlsContexts();

  /// The context that accepts exactly this host (a name or an address), from the cache when it is there.
  Step<Poco::Net::Context::Ptr> for_host(const std::string& host);
  /// Reads the certificates anew for the next context: a distribution replaces them while we run.
  void forget();

 private:
  struct CaStore;
  const std::string ca_file_;
  std::mutex mutex_;
  std::unique_ptr<CaStore> store_;
  std::map<std::string, Poco::Net::Context::Ptr> contexts_;
};

/// The host as certificates and SNI spell it: without the final dot.
std::string tls_name(const std::string& host);
bool is_address(const std::string& host);

}  // namespace ecoauth
