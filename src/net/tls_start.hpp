// Starting OpenSSL and POCO's part of it, once, not before a request needs them.
#pragma once

namespace ecoauth {

void start_tls_once();

}  // namespace ecoauth
