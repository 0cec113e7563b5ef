// What OpenSSL says about a handshake while it happens. POCO keeps the SSL object to itself and frees it when the
// handshake fails, so the verdict is noted from the one callback that cannot influence it.
#pragma once

#include <openssl/ssl.h>

namespace ecoauth {

struct TlsNote {
  SSL* ssl = nullptr;  ///< valid while the POCO socket lives and the handshake has not failed
  long verify_result = X509_V_OK;
  int alert = -1;  ///< the last fatal alert seen or sent
  bool finished = false;
};

/// While it lives, handshakes on this thread are noted in `note`.
class NoteTls {
 public:
  explicit NoteTls(TlsNote& note);
  ~NoteTls();
  NoteTls(const NoteTls&) = delete;
  NoteTls& operator=(const NoteTls&) = delete;
};

/// For SSL_CTX_set_info_callback.
void note_tls_progress(const SSL* ssl, int where, int value);

}  // namespace ecoauth
