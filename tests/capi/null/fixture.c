#include "fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int fixture_user_data;
int fixture_finalized;
int fixture_calls;
int fixture_failures;

static const char *current_function = "";
static const char *current_change = "";

void before(const char *function, const char *change)
{
    current_function = function;
    current_change = change;
    ++fixture_calls;
}

static void complain(const char *expected, int64_t got)
{
    ++fixture_failures;
    fprintf(stderr, "%s with %s: expected %s, got %lld\n", current_function, current_change, expected, (long long)got);
}

void check_refused(int64_t result)
{
    if (result != ECOAUTH_ERROR_INVALID_ARGUMENT)
        complain("INVALID_ARGUMENT", result);
}

void check_any(int64_t result)
{
    if (result == ECOAUTH_ERROR_INTERNAL || result == ECOAUTH_ERROR_FORKED || result < INT32_MIN
        || (result < 0 && strcmp(ecoauth_result_name((int32_t)result), "UNKNOWN") == 0))
        complain("a known result, not INTERNAL", result);
}

void check_neutral(int64_t result)
{
    if (result != 0 && result != -1)
        complain("a neutral value", result);
}

void check_empty(const char *text)
{
    if (text == NULL || text[0] != '\0')
        complain("an empty text", text == NULL ? -1 : text[0]);
}

void check_null_text(const char *text)
{
    if (text != NULL)
        complain("NULL", 1);
}

void check_any_text(const char *text)
{
    if (text != NULL && strlen(text) > 4096)
        complain("a short text", (int64_t)strlen(text));
}

void check_null(const void *pointer)
{
    if (pointer != NULL)
        complain("NULL", 1);
}

void check_any_pointer(const void *pointer)
{
    (void)pointer;
}

void check_error(int32_t result, const ecoauth_error *error)
{
    if (result >= 0 && error != NULL)
        complain("no error object beside success", result);
    if (result < 0 && error == NULL)
        complain("an error object beside the failure", result);
    if (error == NULL)
        return;
    if (ecoauth_error_code(error) != result)
        complain("an error with the result's code", ecoauth_error_code(error));
    if (ecoauth_error_message(error)[0] == '\0' || ecoauth_error_advice(error)[0] == '\0')
        complain("an error with two texts", result);
}

void check_finalized(int expected)
{
    if (fixture_finalized != expected)
        complain("a finalizer called once", fixture_finalized - expected + 1);
}

static int check_is(int32_t expected, int64_t result)
{
    if (result == expected)
        return 0;
    complain(ecoauth_result_name(expected), result);
    return 1;
}

int check_forked(int64_t result)
{
    return check_is(ECOAUTH_ERROR_FORKED, result);
}

int check_closed(int64_t result)
{
    return check_is(ECOAUTH_ERROR_CLOSED, result);
}

ecoauth_options *fixture_options(void)
{
    ecoauth_options *options = ecoauth_options_new();
    ecoauth_options_set_client_id(options, FIXTURE_CLIENT_ID);
    ecoauth_options_set_base_url(options, "http://127.0.0.1:1");
    ecoauth_options_set_store(options, ecoauth_store_new_memory());
    ecoauth_options_set_dispatch(options, ECOAUTH_DISPATCH_POLL);
    ecoauth_options_set_shutdown_timeout_ms(options, 1000);
    return options;
}

int fixture_open(struct fixture *f)
{
    ecoauth_options *caller = fixture_options();
    memset(f, 0, sizeof *f);
    ecoauth_options_set_dispatch(caller, ECOAUTH_DISPATCH_CALLER);
    if (ecoauth_client_new(caller, &f->caller, NULL) != ECOAUTH_OK)
        return -1;
    if (ecoauth_client_new(fixture_options(), &f->client, NULL) != ECOAUTH_OK)
        return -1;
    return ecoauth_account_open(f->client, "default", &f->account, NULL) == ECOAUTH_OK ? 0 : -1;
}

void fixture_end(struct fixture *f)
{
    ecoauth_account_close(f->account);
    ecoauth_client_free(f->client);
    ecoauth_client_free(f->caller);
    memset(f, 0, sizeof *f);
}

void fixture_close(int32_t fd)
{
    if (fd >= 0)
        close(fd);
}

void fixture_finalizer(void *user_data)
{
    (void)user_data;
    ++fixture_finalized;
}

void fixture_pin(void *user_data, const char *account_key, const char *pin, const char *url, int64_t remaining_ms)
{
    (void)user_data;
    (void)account_key;
    (void)pin;
    (void)url;
    (void)remaining_ms;
}

void fixture_event(void *user_data, const ecoauth_event *event)
{
    (void)user_data;
    (void)event;
}

void fixture_log(void *user_data, int32_t level, const char *line)
{
    (void)user_data;
    (void)level;
    (void)line;
}

void fixture_wakeup(void *user_data)
{
    (void)user_data;
}

int32_t fixture_seal_key(void *user_data, const char *key_id, ecoauth_blob *out)
{
    (void)user_data;
    (void)key_id;
    (void)out;
    return ECOAUTH_STORE_NOT_FOUND;
}

int32_t fixture_load(void *user_data, const char *key, ecoauth_blob *out)
{
    (void)user_data;
    (void)key;
    (void)out;
    return ECOAUTH_STORE_NOT_FOUND;
}

int32_t fixture_save(void *user_data, const char *key, int64_t expected_seq, const void *data, size_t size_bytes,
                     int64_t new_seq)
{
    (void)user_data;
    (void)key;
    (void)expected_seq;
    (void)data;
    (void)size_bytes;
    (void)new_seq;
    return ECOAUTH_STORE_OK;
}

int32_t fixture_erase(void *user_data, const char *key)
{
    (void)user_data;
    (void)key;
    return ECOAUTH_STORE_OK;
}

int32_t fixture_list(void *user_data, ecoauth_blob *out)
{
    (void)user_data;
    (void)out;
    return ECOAUTH_STORE_OK;
}

int32_t fixture_lock(void *user_data, const char *key, int64_t timeout_ms)
{
    (void)user_data;
    (void)key;
    (void)timeout_ms;
    return ECOAUTH_STORE_OK;
}

void fixture_unlock(void *user_data, const char *key)
{
    (void)user_data;
    (void)key;
}
