/* What the generated calls use: handles of an offline client, callbacks that do nothing, and checks that name the call. */
#ifndef NULL_FIXTURE_H
#define NULL_FIXTURE_H

#include <ecoauth/ecoauth.h>

#define FIXTURE_CLIENT_ID "abcdefghijklmnopqrstuvwxyz012345"

struct fixture
{
    ecoauth_client *client;   /* polls its events */
    ecoauth_client *caller;   /* dispatches its events */
    ecoauth_account *account; /* of `client` */
    ecoauth_blob *blob;       /* only inside the load callback of a store */
};

struct null_test
{
    const char *name;
    void (*run)(struct fixture *f);
    int needs_blob;
};

extern const struct null_test null_tests[];
extern const size_t null_test_count;

/* Options of an offline client with a memory store, for event polling. */
ecoauth_options *fixture_options(void);
int fixture_open(struct fixture *f);
void fixture_end(struct fixture *f);
void fixture_close(int32_t fd);

extern int fixture_user_data;
extern int fixture_finalized;
void fixture_finalizer(void *user_data);
void fixture_pin(void *user_data, const char *account_key, const char *pin, const char *url, int64_t remaining_ms);
void fixture_event(void *user_data, const ecoauth_event *event);
void fixture_log(void *user_data, int32_t level, const char *line);
void fixture_wakeup(void *user_data);
int32_t fixture_seal_key(void *user_data, const char *key_id, ecoauth_blob *out);
int32_t fixture_load(void *user_data, const char *key, ecoauth_blob *out);
int32_t fixture_save(void *user_data, const char *key, int64_t expected_seq, const void *data, size_t size_bytes,
                     int64_t new_seq);
int32_t fixture_erase(void *user_data, const char *key);
int32_t fixture_list(void *user_data, ecoauth_blob *out);
int32_t fixture_lock(void *user_data, const char *key, int64_t timeout_ms);
void fixture_unlock(void *user_data, const char *key);

/* Names the call that comes next, for messages and for the crash report. */
void before(const char *function, const char *change);
extern int fixture_calls;
extern int fixture_failures;

/* INVALID_ARGUMENT; any known result code. */
void check_refused(int64_t result);
void check_any(int64_t result);
/* The answers of a value's functions to NULL. */
void check_neutral(int64_t result);
void check_empty(const char *text);
void check_null_text(const char *text);
void check_any_text(const char *text);
void check_null(const void *pointer);
void check_any_pointer(const void *pointer);
/* An error object comes with failures only, and says the same as the result. */
void check_error(int32_t result, const ecoauth_error *error);
void check_finalized(int expected);
/* 1 when the result is another. */
int check_forked(int64_t result);
int check_closed(int64_t result);

#endif
