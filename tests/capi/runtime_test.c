/* What the library tells of itself: its version, what it can do, what it runs on. */
#include <string.h>
#include <unistd.h>

#include "capi_test.h"

static void features(void) {
  static const char* const present[] = {"pin",  "file-store", "callback-store", "proxy",   "sealing",
                                        "code", "utility",    "import",         "accounts"};
  static const char* const absent[] = {"self-contained", "", "PIN"};
  for (size_t i = 0; i < sizeof present / sizeof *present; ++i) CHECK_NUMBER(1, ecoauth_has_feature(present[i]));
  for (size_t i = 0; i < sizeof absent / sizeof *absent; ++i) CHECK_NUMBER(0, ecoauth_has_feature(absent[i]));
  CHECK_NUMBER(0, ecoauth_has_feature(NULL));
}

static void what_is_running(void) {
  int major = 0, minor = 0, patch = 0;
  CHECK_NUMBER(ECOAUTH_VERSION_NUMBER, ecoauth_version());
  CHECK_TEXT(ECOAUTH_VERSION_STRING, ecoauth_version_string());
  CHECK_NUMBER(3, sscanf(ecoauth_runtime_info("poco"), "%d.%d.%d", &major, &minor, &patch));
  CHECK(major >= 1 && minor >= 0 && patch >= 0);
  CHECK(strncmp(ecoauth_runtime_info("openssl"), "OpenSSL 3", 9) == 0);
  CHECK(strstr(ecoauth_runtime_info("poco-file"), "libPocoFoundation") != NULL);
  CHECK(strstr(ecoauth_runtime_info("openssl-file"), "libssl") != NULL);
  CHECK(access(ecoauth_runtime_info("openssl-file"), R_OK) == 0);
  CHECK(access(ecoauth_runtime_info("ca-certificates"), R_OK) == 0);
  CHECK(ecoauth_runtime_info("openssl") == ecoauth_runtime_info("openssl"));
  CHECK(ecoauth_runtime_info("") == NULL && ecoauth_runtime_info("zlib") == NULL && ecoauth_runtime_info(NULL) == NULL);
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"features", features},
      {"what is running", what_is_running},
  };
  return RUN_CASES(argc, argv, cases);
}
