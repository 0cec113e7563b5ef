// A host with the least convenient locales there are: decimal commas and digit groups, in C (setlocale) and in C++
// (std::locale::global). A login, a refresh and a request must work, and what is stored must be readable in the C
// locale and the other way round.
//
// usage: locale_test LIBRARY SANDBOX PEER
// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <locale>
#include <sstream>
#include <string>

#include "host.h"

namespace {

struct Grouped : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\1\2"; }
  std::string do_truename() const override { return "wahr"; }
  std::string do_falsename() const override { return "falsch"; }
};

/// A locale of the C library is compiled here, since a small system has none but C: the compiler for them is part of
/// glibc.
void make_comma_locale(const std::string& folder) {
  std::FILE* characters = std::fopen((folder + "/ascii").c_str(), "w");
  std::fputs("<code_set_name> ANSI_X3.4-1968\n<escape_char> /\n<mb_cur_min> 1\n<mb_cur_max> 1\nCHARMAP\n", characters);
  for (int i = 0; i < 128; ++i) std::fprintf(characters, "<U%04X> /x%02x ascii\n", i, i);
  std::fputs("END CHARMAP\n", characters);
  std::fclose(characters);
  std::FILE* source = std::fopen((folder + "/source").c_str(), "w");
  std::fputs("escape_char /\nLC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3;3\nEND LC_NUMERIC\n",
             source);
  std::fclose(source);
  // It complains about the categories that are not given, and makes the locale all the same.
  const std::string command = "localedef -c -f " + folder + "/ascii -i " + folder + "/source " + folder + "/comma >" +
                              folder + "/complaints 2>&1";
  (void)!std::system(command.c_str());
}

void use_hostile_locales() {
  CHECK(setlocale(LC_ALL, "comma") != nullptr);
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", 1.5);
  CHECK_SAYING(std::strcmp(text, "1,5") == 0 && std::strcmp(localeconv()->thousands_sep, ".") == 0, "%s", text);
  std::locale::global(std::locale(std::locale(), new Grouped));
  std::ostringstream out;
  out << 3600000;
  CHECK(out.str() != "3600000");
}

const char* library_path;
server sandbox;
const char *ca_file, *folder;

void refresh_and_request(const library& eco, ecoauth_account* account) {
  ecoauth_error* error = nullptr;
  int32_t result = eco.ecoauth_account_refresh(account, 20000, &error);
  CHECK_OK(&eco, result, error);
  ecoauth_response* response = nullptr;
  result = eco.ecoauth_account_request(
      account, "GET",
      "/1/thermostatSummary?json=%7B%22selection%22%3A%7B%22selectionType%22%3A%22registered"
      "%22%2C%22selectionMatch%22%3A%22%22%7D%7D",
      nullptr, 0, nullptr, 20000, &response, &error);
  CHECK_OK(&eco, result, error);
  CHECK(eco.ecoauth_response_http_status(response) == 200);
  CHECK(std::strstr(eco.ecoauth_response_body(response), "\"code\"") != nullptr);
  eco.ecoauth_response_free(response);
}

/// With the record that is there, or a new login when there is none.
void live(bool login) {
  const library eco = library_load(library_path);
  ecoauth_client* client = host_client(&eco, host_options(&eco, sandbox.url, ca_file, folder));
  ecoauth_account* account = host_account(&eco, client);
  if (login) host_login(&eco, account);
  host_use(&eco, account);
  refresh_and_request(eco, account);
  eco.ecoauth_client_free(client);
  eco.ecoauth_account_close(account);
}

void in_c_locale(void*) { live(false); }

void in_hostile_locale(void*) {
  use_hostile_locales();
  const std::string before = setlocale(LC_ALL, nullptr);
  const std::locale global;
  live(true);
  CHECK(before == setlocale(LC_ALL, nullptr));
  CHECK(global == std::locale());
}

void in_hostile_locale_again(void*) {
  use_hostile_locales();
  live(false);
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 4);
  library_path = argv[1];
  make_comma_locale(temporary_folder());
  setenv("LOCPATH", temporary_folder(), 1);
  ca_file = temporary_path("ca.pem");
  folder = temporary_path("store");
  sandbox = sandbox_start(argv[2], ca_file);
  in_child(in_hostile_locale, nullptr, 60000);
  in_child(in_c_locale, nullptr, 60000);
  in_child(in_hostile_locale_again, nullptr, 60000);
  server_stop(&sandbox);
}
