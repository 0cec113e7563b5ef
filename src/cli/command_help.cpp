#include "cli/command_help.hpp"

namespace ecoauth::cli {

const CommandHelp command_help[11] = {
    {"login", "authorize and store the tokens",
     R"text(With a PIN (the default) it shows the PIN and the portal's address, on a terminal as a QR code too, and waits until the user
has entered the PIN there and approved. With --flow code it shows an address to open in a browser, and takes back the address
that the browser is sent to afterwards: pasted, from a file, or by listening at a loopback redirect URI. --flow utility does the
same for ecobee's utility accounts; ecobee publishes nothing about it, and its token cannot be refreshed.

Interrupting it loses nothing: run it again, and it goes on with the same PIN or address while that is valid. An existing
authorization stays until the new one is stored. Approve with the ecobee account that owns the thermostats; a member's account
may grant less.

Examples:
  ECOAUTH_CLIENT_ID=... ecoauth login
  ecoauth login --client-id-file key.txt --scope smartWrite
  ecoauth login --account cabin
  ecoauth login --flow code --redirect-uri https://example.com/callback
  ecoauth login --flow code --redirect-uri https://example.com/callback --redirected-file answer.txt

With --json:
  {"type":"pin","account":"...","pin":"...","verification_url":"...","remaining_ms":900000,"scope":"smartRead"}
  {"type":"waiting","account":"...","remaining_ms":895000}                      after every poll
  {"type":"trouble","account":"...","error":{...}}                              it waits on in spite of this
  {"type":"open","account":"...","url":"..."}                                   code and utility
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
     R"text(Nothing needs it regularly: the other commands refresh when they have to. An account is refreshed at most once a minute and
six times an hour; one time too many ends with exit code 5.

Example:
  ecoauth refresh

With --json:
  {"type":"refreshed","account":"...","generation":4,"token_valid_ms":3600000,"scope_granted":"..."}
)text"},
    {"request", "make one authorized API request",
     R"text(Prints the body of the answer as it is; on a terminal without control characters. When the API refuses (HTTP status 300 or
higher, or an API status other than 0), the body is printed all the same, standard error says so, and the exit code is
  4  for API status 2, HTTP 401 and 403: the grant does not cover it
  5  for HTTP 3xx and 429, and for HTTP 5xx without an API status
  1  otherwise

Examples:
  ecoauth request GET '/1/thermostatSummary?json=%7B%22selection%22%3A%7B%22selectionType%22%3A%22registered%22%7D%7D'
  ecoauth request POST /1/thermostat --data-file change.json
  ecoauth request GET /1/thermostatSummary --header 'Accept: application/json' --header 'X-Trace: 7'

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
    {"accounts", "list the accounts in the store",
     R"text(Reads the store, sends nothing and changes nothing. Lists the accounts of one server (--server), and of one client id when
one is given. The exit code is 0 when all records could be read, whatever their state.

Example:
  ecoauth accounts

With --json, for each:
  {"type":"account","account":"...","server":"...","state":"ACTIVE","reason":"","token_valid_ms":3540000,"pin_valid_ms":0,
   "scope_granted":"...","error":null}
)text"},
    {"watch", "keep the tokens fresh and print what happens",
     R"text(Refreshes in time, always, until Ctrl-C or SIGTERM ends it, with exit code 0. Other commands and programs may use the same
store meanwhile; what they do there is noticed within a minute. Exit code 3: there is no authorization, or somebody has
signed out.

Examples:
  ecoauth watch
  ecoauth watch --json >> events.log

With --json, each with "time":"2026-11-25T14:00:00Z" and "account":"...":
  {"type":"watching","server":"...","state":"ACTIVE","generation":3,"token_valid_ms":3540000}         first
  {"type":"token","generation":4,"token_valid_ms":3600000}                                            new tokens are saved
  {"type":"state","state":"SUSPECT","flags":{...},"error":{...}}                                      see status --help
  {"type":"unsaved","error":{...}}                                                                    could not be saved yet
)text"},
    {"doctor", "look for what is wrong and say what to do",
     R"text(Looks at the proxy, the name, the connection, certificates and TLS, the clock (against the server's), the store's folder, file
system, room, files and lock, and at the grant and its age. Changes nothing; sends one request for the head of the server's
first page, without any credential. The exit code is that of the worst finding, as in "ecoauth --help"; warnings leave it 0.

Examples:
  ecoauth doctor
  ecoauth doctor --json | jq -r 'select(.verdict == "failed") | .advice'

With --json:
  {"type":"check","name":"Clock","verdict":"ok","message":"...","advice":"","exit_code":0}            for each finding
  {"type":"doctor","verdict":"ok","failed":0,"warnings":0,"exit_code":0}                              at the end
  "verdict" is ok, note, warning or failed.
)text"},
    {"import", "take over a refresh token that another program has",
     R"text(Takes a refresh token from a file that another program has left behind, from standard input, or typed. The kind of file is
recognized by its content:
  python-ecobee-api    ecobee.conf
  Pyecobee             the token file of version 2 (JSON), or the shelf of version 1 (the file itself: its name, .db or .dat)
  Home Assistant       .storage/core.config_entries, with an entry made with an API key
  homebridge           config.json or accessories/cachedAccessories, of plugins for ecobee
  ecoauth              a record that a program was given because it could not be saved; it knows its account, server and client id
  others               a token response in JSON; a line with the token and nothing else
The client id must be the one that the token was given out for; when the file does not hold it, give it as to login. The token
is proven by one refresh before anything is stored. The file is never changed: stop the other program from using its copy.

Examples:
  ecoauth import ecobee.conf
  ecoauth import --client-id-file key.txt ~/.homebridge/config.json
  some-program | ecoauth import --client-id-file key.txt -

With --json:
  {"type":"imported","account":"...","server":"...","scope_asked":"...","scope_granted":"...","scope_satisfied":true,
   "token_valid_ms":3600000,"store":"...","format":"Home Assistant, ...","entry":"..."}
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
