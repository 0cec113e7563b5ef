/* A server that plays what a row of the table of answers says, on a thread of its own: real sockets on loopback. */
#ifndef CAPI_TABLE_SERVER_H
#define CAPI_TABLE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

enum { most_seen = 64 };

/* An answer on the wire. */
struct wire {
  int status;          /* 0: the connection ends behind the request, without a word */
  const char* headers; /* further ones, each with its line end; NULL for none */
  const char* body;    /* '#' stands for 7000 characters, '\1' for a mebibyte */
  int missing_bytes;   /* so much less is sent than announced */
};

/* One application of the server: told by its client id, or by its access token. */
struct peer {
  char client_id[33];
  const char* target;      /* where the answers of the row belong: "authorize", "token" or "api" */
  const struct wire* wire; /* given there once `playing`; every other request is served well */
  int times;               /* after so many of them it serves well again; 0: never */
  bool playing;
  int seen; /* requests at the target while playing */
  int64_t seen_ms[most_seen];
  char pair; /* of the newest tokens: they are counted by letters */
  const char* pin;
  char request[2048]; /* the last one at the target */
};

/* Whom the server knows. Before it listens. */
void table_server_know(struct peer* peers, int count);
/* Listens at *port, on a thread of its own; nobody listens there any more after table_server_leave(). */
int table_server_listen(int* port);
void table_server_leave(int listener);

/* Milliseconds of the boot clock, as the library sees it. */
int64_t boot_ms(void);

int peer_seen(struct peer* peer);
void peer_play(struct peer* peer);

#endif
