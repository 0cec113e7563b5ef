#include "net/tls_note.hpp"

namespace ecoauth {

namespace {
thread_local TlsNote* current_note = nullptr;  // a plain pointer: nothing to destroy when the thread ends
}

NoteTls::NoteTls(TlsNote& note) { current_note = &note; }
NoteTls::~NoteTls() { current_note = nullptr; }

void note_tls_progress(const SSL* ssl, int where, int value) {
  if (!current_note) return;
  current_note->ssl = const_cast<SSL*>(ssl);
  current_note->verify_result = SSL_get_verify_result(ssl);
  if ((where & SSL_CB_ALERT) && (value >> 8) == SSL3_AL_FATAL) current_note->alert = value & 0xff;
  if (where & SSL_CB_HANDSHAKE_DONE) current_note->finished = true;
}

}  // namespace ecoauth
