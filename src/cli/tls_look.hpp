// One look at a server: TLS as the library does it (verified, 1.2 or newer), and the head of "/", for the server's
// time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cli/dial.hpp"
#include "cli/server_address.hpp"
#include "cli/signals.hpp"

namespace ecoauth::cli {

/// A connection that speaks TLS or not.
class Look {
 public:
  Look(Socket socket, const Signals& signals);
  ~Look();

  /// Asks a proxy for a tunnel, without credentials; the HTTP status, 0 when there was no answer.
  int connect_through(const ServerAddress& server);

  enum class Trouble { none, authorities, certificate, time, other };
  /// Shakes hands. `ca_place` is a file or folder of certificates.
  Trouble start_tls(const ServerAddress& server, const std::string& ca_place);
  /// What went wrong with it, or what was agreed on.
  const std::string& tls_text() const { return tls_text_; }

  /// Sends "HEAD / HTTP/1.1". The HTTP status, 0 when there was no answer.
  int ask_head(const ServerAddress& server);
  /// What it said in "Date", seconds since 1970; -1 when nothing.
  int64_t server_time_s() const { return server_time_s_; }

 private:
  struct Tls;

  int status_of(const std::string& request);
  int send(const std::string& bytes);
  int receive(char* bytes, size_t size_bytes);

  Socket socket_;
  const Signals& signals_;
  std::unique_ptr<Tls> tls_;
  std::string tls_text_;
  int64_t server_time_s_ = -1;
};

}  // namespace ecoauth::cli
