/* A server that does not do what a client hopes for. Prints its address, then one line for every request that it has
 * got (or, before a TLS handshake, for the first bytes of one), and lives until it is killed.
 *
 * usage: peer MODE [CERTIFICATE_FILE]        a self-signed certificate is written to that file, to be trusted by the
 * test
 *
 *   silent      reads a request, never answers            tls-handshake  reads the client's hello, never answers
 *   reset       answers a request with FIN, then RST      tls-silent     handshake, reads a request, never answers
 *   reset-soon  the same at once after accepting          tls-drip       answers, a byte each 5 ms, without end
 *                                                         tls-reset      FIN and RST at once after the handshake
 * SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char* mode;
static SSL_CTX* context;

static void need(bool done, const char* what) {
  if (done) return;
  fprintf(stderr, "peer: %s failed\n", what);
  exit(1);
}

static bool is(const char* name) { return strcmp(mode, name) == 0; }

static void tell(void) {
  if (write(STDOUT_FILENO, "request\n", 8) != 8) exit(0);
}

/* A key and a certificate for 127.0.0.1 and localhost, good for a day. */
static void make_certificate(const char* file) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  need(key && certificate, "making a key");
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char*)"ecoauth test peer", -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  need(names && X509_add_ext(certificate, names, -1) && X509_sign(certificate, key, EVP_sha256()),
       "making a certificate");
  X509_EXTENSION_free(names);
  FILE* out = fopen(file, "w");
  need(out && PEM_write_X509(out, certificate) && fclose(out) == 0, "writing the certificate");
  context = SSL_CTX_new(TLS_server_method());
  need(context && SSL_CTX_use_certificate(context, certificate) && SSL_CTX_use_PrivateKey(context, key),
       "a TLS context");
}

/* FIN first: a socket that gets a RST after it raises SIGPIPE at the very next write. */
static void reset(int fd) {
  shutdown(fd, SHUT_WR);
  struct linger at_once = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
}

/* For ever: the client has to end this. */
static void hold(int fd) {
  char byte;
  while (recv(fd, &byte, 1, 0) > 0) continue;
  close(fd);
}

static void serve_tls(int fd) {
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  char request[4096];
  if (SSL_accept(ssl) == 1) {
    if (is("tls-reset")) {
      SSL_free(ssl);
      reset(fd);
      tell();
      return;
    }
    if (SSL_read(ssl, request, sizeof request) > 0) {
      tell();
      static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n";
      bool drips = is("tls-drip") && SSL_write(ssl, head, sizeof head - 1) > 0;
      while (drips && SSL_write(ssl, " ", 1) > 0) usleep(5000);
    }
  }
  hold(fd);
  SSL_free(ssl);
}

static void* serve(void* argument) {
  int fd = (int)(long)argument;
  char request[4096];
  if (is("reset-soon")) {
    reset(fd);
    tell();
  } else if (!is("tls-handshake") && strncmp(mode, "tls-", 4) == 0) {
    serve_tls(fd);
  } else if (recv(fd, request, sizeof request, 0) > 0) {
    if (is("reset")) reset(fd);
    tell();
    if (!is("reset")) hold(fd);
  } else {
    close(fd);
  }
  return NULL;
}

int main(int argc, char** argv) {
  static const char* const modes[] = {"silent",     "reset",    "reset-soon", "tls-handshake",
                                      "tls-silent", "tls-drip", "tls-reset"};
  bool known = false;
  mode = argc > 1 ? argv[1] : "";
  for (size_t i = 0; i < sizeof modes / sizeof *modes; ++i) known = known || is(modes[i]);
  need(known, "the mode");
  bool tls = strncmp(mode, "tls-", 4) == 0;
  need(argc == (tls ? 3 : 2), "the number of arguments");
  signal(SIGPIPE, SIG_IGN);
  if (tls) make_certificate(argv[2]);

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  need(bind(listener, (struct sockaddr*)&address, size) == 0 && listen(listener, 128) == 0 &&
           getsockname(listener, (struct sockaddr*)&address, &size) == 0,
       "listening");
  printf("%s://127.0.0.1:%d\n", tls ? "https" : "http", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) continue;
    pthread_t thread;
    need(pthread_create(&thread, NULL, serve, (void*)(long)fd) == 0, "starting a thread");
    pthread_detach(thread);
  }
}
