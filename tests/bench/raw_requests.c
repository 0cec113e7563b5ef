/* The floor: the same token request made with sockets and OpenSSL alone, and nothing done with the answer but reading
 * it. Each on a new connection, the server's certificate and name verified, the same groups as the library's. Prints
 * the processor time of one.
 *
 * usage: raw_requests PORT CA_FILE COUNT <REFRESH_TOKEN
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

static const char host[] = "127.0.0.1";

static SSL_CTX* make_context(const char* ca_file) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  BENCH_NEED(context && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION));
  BENCH_NEED(SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384"));
  BENCH_NEED(SSL_CTX_load_verify_file(context, ca_file));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  BENCH_NEED(X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(context), host));
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return context;
}

static void request_once(SSL_CTX* context, int port, const char* request, int request_bytes) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  BENCH_NEED(inet_pton(AF_INET, host, &address.sin_addr) == 1);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  BENCH_NEED(fd >= 0 && connect(fd, (struct sockaddr*)&address, sizeof address) == 0);
  SSL* ssl = SSL_new(context);
  BENCH_NEED(ssl && SSL_set_fd(ssl, fd) && SSL_connect(ssl) == 1);
  BENCH_NEED(SSL_write(ssl, request, request_bytes) == request_bytes);
  char answer[16384];
  size_t length = 0, wanted = sizeof answer;
  while (length < wanted) {
    int got = SSL_read(ssl, answer + length, (int)(sizeof answer - 1 - length));
    BENCH_NEED(got > 0);
    answer[length += (size_t)got] = 0;
    const char *body = strstr(answer, "\r\n\r\n"), *announced = strcasestr(answer, "\r\nContent-Length:");
    if (body && announced) wanted = (size_t)(body + 4 - answer) + (size_t)atoi(announced + 17);
  }
  BENCH_NEED(strncmp(answer, "HTTP/1.1 200", 12) == 0 && strstr(answer, "access_token"));
  SSL_shutdown(ssl);
  SSL_free(ssl);
  close(fd);
}

int main(int argc, char** argv) {
  BENCH_NEED(argc == 4);
  int port = atoi(argv[1]), count = atoi(argv[3]);
  char refresh_token[4096] = "", body[8192], request[16384];
  BENCH_NEED(fgets(refresh_token, sizeof refresh_token, stdin));
  refresh_token[strcspn(refresh_token, "\n")] = 0;
  int body_bytes = snprintf(body, sizeof body, "grant_type=refresh_token&refresh_token=%s&client_id=%s&ecobee_type=jwt",
                            refresh_token, BENCH_CLIENT_ID);
  int request_bytes = snprintf(request, sizeof request,
                               "POST /token HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: raw\r\nAccept: application/json\r\n"
                               "Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                               "Content-Length: %d\r\n\r\n%s",
                               host, port, body_bytes, body);
  SSL_CTX* context = make_context(argv[2]);
  double began = 0;
  for (int i = 0; i < count; ++i) {
    if (i == 1) began = bench_now_ns(CLOCK_PROCESS_CPUTIME_ID);
    request_once(context, port, request, request_bytes);
  }
  if (count > 1) printf("cpu_us %.1f\n", (bench_now_ns(CLOCK_PROCESS_CPUTIME_ID) - began) / 1000 / (count - 1));
  SSL_CTX_free(context);
  return 0;
}
