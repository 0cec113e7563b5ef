/* What the functions for authorizing by a browser, and for importing, take and refuse. */
#include "capi_test.h"

#define GOOD ECOAUTH_OK
#define BAD ECOAUTH_ERROR_INVALID_ARGUMENT

static void authorizing_by_a_browser(void) {
  static const struct {
    const char* redirect_uri;
    bool fits_ecobee, fits_this_machine;
  } uris[] = {{"https://me.example/back", true, true},
              {"https://me.example:8443/back", false, true},
              {"http://127.0.0.1:8080/back", false, true},
              {"http://me.example/back", false, false},
              {"https://me.example/back?x=y", false, false},
              {"https://me.example/back#x", false, false},
              {"me.example", false, false},
              {"", false, false},
              {NULL, false, false}};
  for (int local = 0; local < 2; ++local) {
    ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_POLL);
    if (!local) CHECK_RESULT(GOOD, ecoauth_options_set_base_url(options, "https://api.ecobee.com"));
    ecoauth_client* client = client_of(options);
    ecoauth_account* account = account_of(client);
    ecoauth_error* error = NULL;
    char buffer[1024];
    int64_t operation = 0;
    for (size_t i = 0; i < sizeof uris / sizeof *uris; ++i) {
      const bool fits = local ? uris[i].fits_this_machine : uris[i].fits_ecobee;
      CHECK_EXPLAINED(fits ? GOOD : BAD,
                      ecoauth_account_authorize_url(account, ECOAUTH_FLOW_CODE, uris[i].redirect_uri, 20000, buffer,
                                                    sizeof buffer, NULL, &error),
                      error);
      CHECK_EXPLAINED(
          fits ? GOOD : BAD,
          ecoauth_account_authorize_url_start(account, ECOAUTH_FLOW_UTILITY, uris[i].redirect_uri, &operation, &error),
          error);
    }
    CHECK_EXPLAINED(
        BAD,
        ecoauth_account_authorize_url(account, 4, "https://me.example/back", 0, buffer, sizeof buffer, NULL, &error),
        error);
    CHECK_EXPLAINED(BAD, ecoauth_account_authorize_url(account, 1, "https://me.example/back", 0, NULL, 1, NULL, &error),
                    error);
    static const char* const no_addresses[] = {"",
                                               "code=c&state=s",
                                               "my code is c",
                                               "ftp://me.example/?code=c",
                                               "https://me.example/back?code=%zz",
                                               "https://me.example/?code=a&code=b"};
    for (size_t i = 0; i < sizeof no_addresses / sizeof *no_addresses; ++i) {
      CHECK_EXPLAINED(BAD, ecoauth_account_complete_redirect(account, no_addresses[i], 0, &error), error);
      CHECK_EXPLAINED(BAD, ecoauth_account_complete_redirect_start(account, no_addresses[i], &operation, &error),
                      error);
      CHECK_NUMBER(0, operation);
    }
    static const char* const no_tokens[] = {"", " a", "a ", "a\nb", "a\"b", "a\xc3\xa4"};
    for (size_t i = 0; i < sizeof no_tokens / sizeof *no_tokens; ++i) {
      CHECK_EXPLAINED(BAD, ecoauth_account_import(account, no_tokens[i], 0, &error), error);
      CHECK_EXPLAINED(BAD, ecoauth_account_import_start(account, no_tokens[i], &operation, &error), error);
    }
    ecoauth_account_close(account);
    ecoauth_client_free(client);
  }
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {{"arguments", authorizing_by_a_browser}};
  return RUN_CASES(argc, argv, cases);
}
