#include "cli/command_help.hpp"

namespace ecoauth::cli {

const CommandHelp command_help[7] = {
    {"login", "authorize with a PIN and store the tokens",
     R"text(Shows a PIN and the portal's address and waits until the user has entered the PIN there and approved. Interrupting it
loses nothing: run again, it goes on waiting for the same PIN while that is valid. An existing authorization stays until the
new one is stored. Approve with the ecobee account that owns the thermostats; a member's account may grant less.

Examples:
  ECOAUTH_CLIENT_ID=... ecoauth login
  ecoauth login --client-id-file key.txt --scope smartWrite
  ecoauth login --account cabin

With --json:
  {"type":"pin","account":"...","pin":"...","verification_url":"...","remaining_ms":900000,"scope":"smartRead"}
  {"type":"waiting","account":"...","remaining_ms":895000}                      after every poll
  {"type":"authorized","account":"...","server":"...","scope_asked":"...","scope_granted":"...","scope_satisfied":true,
   "token_valid_ms":3600000,"store":"..."}                                      at the end
)text"},
    {"token", "print an access token, refreshed if needed",
     R"text(Examples:
  curl -H "$(ecoauth token --header)" ...
  ecoauth token --min-valid 600

With --json:
  {"type":"token","access_token":"...","token_valid_ms":3540000,"scope":"...","generation":3}
  with --header: "authorization_header":"Bearer ..." in place of "access_token"
)text"},
    {"refresh", "refresh the tokens now",
     R"text(Nothing needs it regularly: the other commands refresh when they have to.

Example:
  ecoauth refresh

With --json:
  {"type":"refreshed","account":"...","generation":4,"token_valid_ms":3600000,"scope_granted":"..."}
)text"},
    {"request", "make one authorized API request",
     R"text(Prints the body of the answer as it is; on a terminal without control characters. When the API refuses (HTTP status 400 or
higher, or an API status other than 0), the body is printed all the same, standard error says so, and the exit code is
  4  for API status 2, HTTP 401 and 403: the grant does not cover it
  5  for HTTP 429, and for HTTP 5xx without an API status
  1  otherwise

Examples:
  ecoauth request GET '/1/thermostatSummary?json=%7B%22selection%22%3A%7B%22selectionType%22%3A%22registered%22%7D%7D'
  ecoauth request POST /1/thermostat --data-file change.json

With --json:
  {"type":"response","http_status":200,"api_status":0,"content_type":"...","body":"..."}
  "api_status" is -1 when the body has none; bytes of the body that are not UTF-8 are replaced.
)text"},
    {"status", "show the state of the grant, never a secret",
     R"text(Reads the store, sends nothing and changes nothing. The exit code tells the state: 0 active, 3 none or needs a new
authorization, 4 blocked by the server, 5 refused for the moment, 7 the store cannot be read.

Examples:
  ecoauth status
  ecoauth status --json | jq -r .state

With --json:
  {"type":"status","account":"...","server":"...","state":"ACTIVE","reason":"","flags":{"AUTHORIZING":false,...},
   "generation":3,"token_valid_ms":3540000,"token_age_ms":60000,"pin_valid_ms":0,"next_try_ms":-1,"scope_asked":"...",
   "scope_granted":"...","scope_satisfied":true,"store":"file:/...","seal":"none","client_fingerprint":"...",
   "last_error":null,"advice":"","exit_code":0}
  "state" is NONE, ACTIVE, SUSPECT, NEEDS_REAUTHORIZATION or BLOCKED; "scope_satisfied" is null without a grant; "last_error"
  is an error as in "ecoauth --help".
)text"},
    {"logout", "forget the grant and its tokens",
     R"text(ecobee has no way to give an authorization back: remove the application in the portal, under My Apps, as well.

Example:
  ecoauth logout --account cabin

With --json:
  {"type":"signed_out","account":"...","changed":true}                          false: nothing was stored
)text"},
    {"version", "show the versions of tool, library, POCO and OpenSSL",
     R"text(Example:
  ecoauth version

With --json:
  {"type":"version","tool":"...","library":"...","abi":0,"poco":"...","poco_file":"...","openssl":"...","openssl_file":"..."}
)text"},
};

const char* const general_help =
    R"text(Global options may stand before or after the command; "ecoauth COMMAND --help" tells more about each. The client id is a
secret and therefore no option; after the first login the store knows it.

Examples:
  ECOAUTH_CLIENT_ID=... ecoauth login
  ecoauth status
  curl -H "$(ecoauth token --header)" ...

With --json, failures are
  {"type":"error","code":"NETWORK","message":"...","advice":"...","action":"RETRY","retry_after_ms":0,"http_status":0,
   "oauth_error":"","oauth_description":"","oauth_uri":"","api_status":-1,"exit_code":5}
Text for people goes to standard error. Scripts should ignore types and members they do not know.
)text";

}  // namespace ecoauth::cli
