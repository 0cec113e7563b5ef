// The real HttpTransport: POCO sockets and TLS behind blocking workers. No POCO type appears here.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "net/http_transport.hpp"

namespace ecoauth {

struct TransportSettings {
  std::string ca_file;      ///< bundle or hashed folder; empty: the distribution's own place (ca_locations)
  std::string proxy_url;    ///< "http://[user:password@]host[:port]"; empty: none. The environment is never asked
  std::string user_agent;   ///< empty: no User-Agent header
  size_t max_workers = 16;  ///< requests under way at the same time; more wait their turn
};

/// Refuses what could never work, so that a mistake shows when options are set and not with the first refresh.
Result<TransportSettings> check_transport_settings(TransportSettings settings);

/// Expects checked settings; `clock` outlives the transport and its last request. Starts no thread and touches neither
/// POCO nor OpenSSL before the first submit(). The destructor cancels what is under way without waiting; on_done still
/// comes.
std::unique_ptr<HttpTransport> make_poco_transport(TransportSettings settings, const Clock& clock, Logger logger);

/// `hook` is called once in the life of the process, on a worker, when POCO and OpenSSL have started: a guard
/// registered with atexit() from there runs before their own exit handlers (design.md 3.1 rule 11). Called at once when
/// that has happened.
void on_tls_started(void (*hook)());

}  // namespace ecoauth
