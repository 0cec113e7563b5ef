/* The accounts that a store has records of. */
#include <stdlib.h>
#include <string.h>

#include "capi_test.h"

#define OTHER_ID "OTHEROTHEROTHEROTHEROTHEROTHER12"

static ecoauth_options* options_on(ecoauth_store* store) {
  ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_POLL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(options, store));
  return options;
}

static void check_accounts(ecoauth_client* client, const char* expected) {
  ecoauth_account_list* accounts = NULL;
  ecoauth_error* error = NULL;
  char names[256] = "";
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_client_accounts(client, LONG_MS, &accounts, &error), error);
  for (size_t i = 0; i < ecoauth_account_list_size(accounts); ++i) {
    strcat(names, ecoauth_account_list_key(accounts, i));
    strcat(names, ";");
  }
  CHECK_TEXT(expected, names);
  CHECK(ecoauth_account_list_key(accounts, ecoauth_account_list_size(accounts)) == NULL);
  ecoauth_account_list_free(accounts);
}

static void begin_for(ecoauth_client* client, const char* name) {
  char address[2048];
  ecoauth_error* error = NULL;
  ecoauth_account* account = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_open(client, name, &account, NULL));
  CHECK_EXPLAINED(ECOAUTH_OK,
                  ecoauth_account_authorize_url(account, ECOAUTH_FLOW_CODE, "https://me.example/back", LONG_MS, address,
                                                sizeof address, NULL, &error),
                  error);
  ecoauth_account_close(account);
}

static void the_accounts_of_a_store(void) {
  char folder[] = "/tmp/ecoauth-accounts-XXXXXX", command[64];
  CHECK(mkdtemp(folder) != NULL);
  ecoauth_client* client = client_of(options_on(ecoauth_store_new_file(folder)));
  check_accounts(client, "");
  begin_for(client, "living room");
  begin_for(client, "\xc3\xa4ther");
  begin_for(client, "attic");
  check_accounts(client, "attic;living room;\xc3\xa4ther;");
  ecoauth_account* account = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_open(client, "attic", &account, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_sign_out(account, LONG_MS, NULL));
  ecoauth_account_close(account);
  check_accounts(client, "living room;\xc3\xa4ther;");
  /* Other client ids and servers have theirs. */
  ecoauth_options* options = options_on(ecoauth_store_new_file(folder));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_client_id(options, OTHER_ID));
  ecoauth_client* other = client_of(options);
  check_accounts(other, "");
  begin_for(other, "theirs");
  check_accounts(other, "theirs;");
  ecoauth_client_free(other);
  options = options_on(ecoauth_store_new_file(folder));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_base_url(options, "http://127.0.0.1:2"));
  other = client_of(options);
  check_accounts(other, "");
  ecoauth_client_free(other);
  check_accounts(client, "living room;\xc3\xa4ther;");
  ecoauth_client_free(client);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  CHECK_NUMBER(0, system(command));
}

static void a_store_that_cannot_list(void) {
  struct records records = {.mutex = PTHREAD_MUTEX_INITIALIZER};
  ecoauth_account_list* accounts = NULL;
  ecoauth_error* error = NULL;
  ecoauth_client* client = client_of(options_on(records_store(&records, false)));
  CHECK_EXPLAINED(ECOAUTH_ERROR_UNSUPPORTED, ecoauth_client_accounts(client, LONG_MS, &accounts, &error), error);
  CHECK(accounts == NULL && ecoauth_account_list_size(accounts) == 0 && ecoauth_account_list_key(accounts, 0) == NULL);
  ecoauth_account_list_free(accounts);
  ecoauth_client_free(client);
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"the accounts of a store", the_accounts_of_a_store},
      {"a store that cannot list", a_store_that_cannot_list},
  };
  return RUN_CASES(argc, argv, cases);
}
