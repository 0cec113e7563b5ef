#include "table_server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct peer* all;
static int all_count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int64_t boot_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int peer_seen(struct peer* peer) {
  pthread_mutex_lock(&mutex);
  const int seen = peer->seen;
  pthread_mutex_unlock(&mutex);
  return seen;
}

void peer_play(struct peer* peer) {
  pthread_mutex_lock(&mutex);
  peer->playing = true;
  pthread_mutex_unlock(&mutex);
}

/* The whole request, or "" when the client has gone. */
static void read_request(int fd, char* text, size_t size_bytes) {
  size_t have = 0;
  for (;;) {
    const ssize_t got = recv(fd, text + have, size_bytes - 1 - have, 0);
    if (got <= 0) break;
    have += (size_t)got;
    text[have] = '\0';
    const char* body = strstr(text, "\r\n\r\n");
    const char* length = strcasestr(text, "\r\nContent-Length: ");
    if (body && have >= (size_t)(body + 4 - text) + (length && length < body ? (size_t)atoi(length + 18) : 0)) return;
    if (have == size_bytes - 1) break;
  }
  text[0] = '\0';
}

static void send_answer(int fd, const struct wire* wire) {
  static char body[8 * 1024 * 1024];
  char head[512];
  size_t size = 0;
  if (wire->status == 0) return;
  for (const char* at = wire->body; *at; ++at) {
    const size_t times = *at == '#' ? 7000 : *at == '\1' ? 1024 * 1024 : 1;
    memset(body + size, times > 1 ? 'j' : *at, times);
    size += times;
  }
  const int head_size =
      snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n", wire->status,
               size + (size_t)wire->missing_bytes, wire->headers ? wire->headers : "");
  send(fd, head, (size_t)head_size, MSG_NOSIGNAL);
  send(fd, body, size, MSG_NOSIGNAL);
}

static const char* endpoint_of(const char* request) {
  if (strncmp(request, "GET /authorize?", 15) == 0) return "authorize";
  return strncmp(request, "POST /token ", 12) == 0 ? "token" : "api";
}

static void serve_well(int fd, struct peer* peer, const char* endpoint) {
  char body[512];
  struct wire wire = {200, NULL, body, 0};
  if (strcmp(endpoint, "authorize") == 0) {
    snprintf(body, sizeof body,
             "{\"ecobeePin\":\"%s\",\"code\":\"c0de\",\"expires_in\":900,\"interval\":5,\"scope\":\"smartRead\"}",
             peer->pin);
  } else if (strcmp(endpoint, "token") == 0) {
    /* The refresh token stays; tokens of less than ten minutes may be refreshed at any time. */
    snprintf(body, sizeof body,
             "{\"access_token\":\"at-%s-%c\",\"token_type\":\"Bearer\",\"expires_in\":599,\"refresh_token\":\"rt-%s\","
             "\"scope\":\"openid,smartRead,offline_access\"}",
             peer->client_id, ++peer->pair, peer->client_id);
  } else {
    snprintf(body, sizeof body, "{\"status\":{\"code\":0,\"message\":\"\"}}");
  }
  send_answer(fd, &wire);
}

static void serve(int fd) {
  char request[64 * 1024];
  read_request(fd, request, sizeof request);
  for (int i = 0; i < all_count && request[0]; ++i) {
    struct peer* peer = &all[i];
    if (!strstr(request, peer->client_id)) continue;
    const char* endpoint = endpoint_of(request);
    pthread_mutex_lock(&mutex);
    bool plays = peer->playing && strcmp(endpoint, peer->target) == 0;
    if (plays && peer->seen < most_seen) peer->seen_ms[peer->seen++] = boot_ms();
    if (plays) snprintf(peer->request, sizeof peer->request, "%s", request);
    plays = plays && (peer->times == 0 || peer->seen <= peer->times);
    if (plays)
      send_answer(fd, peer->wire);
    else
      serve_well(fd, peer, endpoint);
    pthread_mutex_unlock(&mutex);
    break;
  }
  shutdown(fd, SHUT_RDWR);
  close(fd);
}

static void* serve_all(void* given) {
  const int listener = *(int*)given;
  free(given);
  for (;;) {
    const int fd = accept(listener, NULL, NULL);
    if (fd < 0) return NULL;
    serve(fd);
  }
}

void table_server_know(struct peer* peers, int count) {
  all = peers;
  all_count = count;
}

int table_server_listen(int* port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  pthread_t thread;
  int* listener = malloc(sizeof *listener);
  const int fd = *listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr*)&address, sizeof address) != 0 || listen(fd, 128) != 0 ||
      getsockname(fd, (struct sockaddr*)&address, &size) != 0 ||
      pthread_create(&thread, NULL, serve_all, listener) != 0) {
    perror("the server");
    exit(1);
  }
  pthread_detach(thread);
  *port = ntohs(address.sin_port);
  return fd;
}

void table_server_leave(int listener) {
  shutdown(listener, SHUT_RDWR);
  close(listener);
}
