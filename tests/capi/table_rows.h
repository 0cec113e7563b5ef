/* The table of answers as a user of the library meets it, written down by hand from its description (design: "The one
 * table of answers"; for people: docs/errors.md). */
#ifndef CAPI_TABLE_ROWS_H
#define CAPI_TABLE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "table_server.h"

enum context { context_poll, context_exchange, context_redirect, context_refresh, context_authorize, context_request };
extern const char* const context_names[];

struct row {
  const char* name;
  enum context context;
  struct wire wire; /* redirect: the body is the parameters */
  int32_t code;     /* what the call returns; OK for polls that go on, and for answers handed over */
  int32_t action;
  const char *message, *advice;
  int64_t retry_low_ms, retry_high_ms;
  int http_status, api_status;
  int requests; /* so many until the call ends, or until the verdict */
  int gaps_s[8];
  int32_t state; /* refresh: where it ends, when it goes on failing */
  const char* reason;
  int64_t later_ms; /* and when it is tried again from there on */
  int times;
  bool unreachable;  /* nobody listens */
  int again_after_s; /* the same once more, which ends like this */
  int32_t again_code, again_action;
  const char* pin;                     /* as it must be shown */
  int64_t valid_low_ms, valid_high_ms; /* of the token that came */
  const char* then_sends;              /* a further refresh has this in it */
  bool grant_changes;
};

extern const struct row rows[];
extern const int row_count;
const char* row_target(const struct row* row);

#endif
