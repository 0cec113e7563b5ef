/* Runs the generated calls: every parameter of every public function NULL or extreme in turn. Nothing may crash, and what is
 * needed must be asked for. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

static atomic_int blob_tests_run;

/* A blob exists only inside a store callback. */
static int32_t load_with_blob(void *user_data, const char *key, ecoauth_blob *out)
{
    struct fixture f = *(struct fixture *)user_data;
    (void)key;
    f.blob = out;
    for (size_t i = 0; i < null_test_count; ++i)
    {
        if (null_tests[i].needs_blob)
        {
            null_tests[i].run(&f);
            atomic_fetch_add(&blob_tests_run, 1);
        }
    }
    return ECOAUTH_STORE_NOT_FOUND;
}

static void run_blob_tests(struct fixture *f)
{
    ecoauth_options *options = fixture_options();
    ecoauth_client *client = NULL;
    ecoauth_account *account = NULL;
    ecoauth_options_set_store(options, ecoauth_store_new_callbacks(f, NULL, load_with_blob, fixture_save, fixture_erase, NULL,
                                                                   NULL, NULL));
    if (ecoauth_client_new(options, &client, NULL) == ECOAUTH_OK
        && ecoauth_account_open(client, NULL, &account, NULL) == ECOAUTH_OK)
        ecoauth_account_wait(account, 0, 10000, NULL);
    ecoauth_account_close(account);
    ecoauth_client_free(client);
    if (atomic_load(&blob_tests_run) == 0)
    {
        ++fixture_failures;
        fprintf(stderr, "the load callback was never called\n");
    }
}

/* Every function gets a client of its own, since some close it or hold it still. */
static int run_one(const struct null_test *test)
{
    struct fixture f;
    ecoauth_status *status = NULL;
    if (fixture_open(&f) != 0)
    {
        fprintf(stderr, "the fixture could not be opened\n");
        return -1;
    }
    test->run(&f);
    before("ecoauth_account_status", test->name);
    if (strcmp(test->name, "ecoauth_client_close_start") != 0
        && (ecoauth_account_status(f.account, &status, NULL) != ECOAUTH_OK
            || strcmp(ecoauth_status_account_key(status), "default") != 0))
    {
        ++fixture_failures;
        fprintf(stderr, "the client does not work any more after %s\n", test->name);
    }
    ecoauth_status_free(status);
    fixture_end(&f);
    return 0;
}

int main(void)
{
    struct fixture f;
    alarm(100); /* a call that never returns is a failure too */
    for (size_t i = 0; i < null_test_count; ++i)
    {
        if (!null_tests[i].needs_blob && run_one(&null_tests[i]) != 0)
            return 1;
    }
    if (fixture_open(&f) != 0)
        return 1;
    run_blob_tests(&f);
    fixture_end(&f);
    printf("%d calls of %zu functions, %d failures\n", fixture_calls, null_test_count, fixture_failures);
    return fixture_failures == 0 && fixture_calls > (int)null_test_count ? 0 : 1;
}
