// A TLS connection over a socket that stands.
#pragma once

#include <Poco/Net/Context.h>

#include <memory>
#include <string>

#include "net/connection.hpp"
#include "net/failure.hpp"

namespace ecoauth {

/// Performs the handshake; succeeds only with a peer that has proven to be `host`.
Step<std::unique_ptr<Connection>> start_tls(GuardedSocket socket, const std::string& host,
                                            Poco::Net::Context::Ptr context);

}  // namespace ecoauth
