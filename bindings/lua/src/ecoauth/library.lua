-- The C functions that this binding calls, and the loaded library.
-- SPDX-License-Identifier: MIT
local ffi = require "ffi"

local OLDEST_LIBRARY = 1000 -- 0.1.0
local SONAME = "libecoauth.so.0"

local library = {}

ffi.cdef [[
typedef struct ecoauth_client ecoauth_client;
typedef struct ecoauth_account ecoauth_account;
typedef struct ecoauth_options ecoauth_options;
typedef struct ecoauth_store ecoauth_store;
typedef struct ecoauth_token ecoauth_token;
typedef struct ecoauth_status ecoauth_status;
typedef struct ecoauth_response ecoauth_response;
typedef struct ecoauth_event ecoauth_event;
typedef struct ecoauth_error ecoauth_error;
typedef struct ecoauth_account_list ecoauth_account_list;

int32_t ecoauth_version(void);
const char *ecoauth_version_string(void);
int32_t ecoauth_has_feature(const char *);
const char *ecoauth_runtime_info(const char *);
const char *ecoauth_result_name(int32_t);
const char *ecoauth_action_name(int32_t);
const char *ecoauth_state_name(int32_t);

ecoauth_store *ecoauth_store_new_memory(void);
ecoauth_store *ecoauth_store_new_file(const char *);
int32_t ecoauth_store_allow_network(ecoauth_store *);
int32_t ecoauth_store_seal_with_fd(ecoauth_store *, int32_t);
int32_t ecoauth_store_seal_with_file(ecoauth_store *, const char *);
int32_t ecoauth_store_seal_with_secret_service(ecoauth_store *, const char *, const char *);
void ecoauth_store_free(ecoauth_store *);

ecoauth_options *ecoauth_options_new(void);
void ecoauth_options_free(ecoauth_options *);
int32_t ecoauth_options_set_store(ecoauth_options *, ecoauth_store *);
int32_t ecoauth_options_set_advisory_window(ecoauth_options *, int32_t, int32_t);
int32_t ecoauth_options_set_mandatory_window(ecoauth_options *, int64_t, int32_t);

int32_t ecoauth_client_new(ecoauth_options *, ecoauth_client **, ecoauth_error **);
void ecoauth_client_free(ecoauth_client *);
int32_t ecoauth_client_close_start(ecoauth_client *, ecoauth_error **);
int32_t ecoauth_client_quiesce(ecoauth_client *, int64_t, ecoauth_error **);
int32_t ecoauth_client_next_event(ecoauth_client *, int64_t, ecoauth_event **, ecoauth_error **);
int32_t ecoauth_client_wakeup_fd(ecoauth_client *, int32_t *, ecoauth_error **);
int32_t ecoauth_client_cancel(ecoauth_client *, int64_t);
int32_t ecoauth_client_accounts(ecoauth_client *, int64_t, ecoauth_account_list **, ecoauth_error **);
size_t ecoauth_account_list_size(const ecoauth_account_list *);
const char *ecoauth_account_list_key(const ecoauth_account_list *, size_t);
void ecoauth_account_list_free(ecoauth_account_list *);

int32_t ecoauth_account_open(ecoauth_client *, const char *, ecoauth_account **, ecoauth_error **);
void ecoauth_account_close(ecoauth_account *);
int32_t ecoauth_account_authorize_pin_start(ecoauth_account *, int64_t *, ecoauth_error **);
int32_t ecoauth_account_authorize_url_start(ecoauth_account *, int32_t, const char *, int64_t *, ecoauth_error **);
int32_t ecoauth_account_complete_redirect_start(ecoauth_account *, const char *, int64_t *, ecoauth_error **);
int32_t ecoauth_account_get_token_start(ecoauth_account *, int64_t, int64_t *, ecoauth_error **);
int32_t ecoauth_account_refresh_start(ecoauth_account *, int64_t *, ecoauth_error **);
int32_t ecoauth_account_request_with_start(ecoauth_account *, const char *, const char *, const char *, const void *, size_t,
                                           const char *, int64_t, int64_t *, ecoauth_error **);
int32_t ecoauth_account_import_start(ecoauth_account *, const char *, int64_t *, ecoauth_error **);
int32_t ecoauth_account_sign_out_start(ecoauth_account *, int64_t *, ecoauth_error **);
int32_t ecoauth_account_wait_start(ecoauth_account *, int64_t, int64_t *, ecoauth_error **);
int32_t ecoauth_account_check_now(ecoauth_account *, ecoauth_error **);
int32_t ecoauth_account_copy_token(ecoauth_account *, char *, size_t, size_t *, int64_t *);
int64_t ecoauth_account_generation(ecoauth_account *);
int32_t ecoauth_account_report_rejected(ecoauth_account *, int64_t, ecoauth_error **);
int32_t ecoauth_account_status(ecoauth_account *, ecoauth_status **, ecoauth_error **);
int32_t ecoauth_account_last_error(ecoauth_account *, ecoauth_error **);

const ecoauth_error *ecoauth_event_error(const ecoauth_event *);
const ecoauth_token *ecoauth_event_token(const ecoauth_event *);
const ecoauth_response *ecoauth_event_response(const ecoauth_event *);
const void *ecoauth_event_data(const ecoauth_event *);
size_t ecoauth_event_data_bytes(const ecoauth_event *);
size_t ecoauth_response_body_bytes(const ecoauth_response *);
void ecoauth_event_free(ecoauth_event *);
void ecoauth_error_free(ecoauth_error *);
void ecoauth_status_free(ecoauth_status *);
]]

-- Functions that differ by their names only: what they return, of what, which.
for _, group in ipairs {
  {"const char *", "error", "message advice oauth_error oauth_description oauth_uri"},
  {"int32_t", "error", "code action http_status api_status"},
  {"int64_t", "error", "retry_after_ms"},
  {"const char *", "event", "account_key pin verification_url text"},
  {"int32_t", "event", "kind result state flags log_level"},
  {"int64_t", "event", "operation remaining_ms generation dropped"},
  {"const char *", "response", "body content_type"},
  {"int32_t", "response", "http_status api_status"},
  {"const char *", "status", "reason scope_granted scope_asked account_key origin client_fingerprint store seal"},
  {"int32_t", "status", "grant_state flags scope_satisfied"},
  {"int64_t", "status", "revision generation token_valid_ms token_age_ms next_try_ms pin_valid_ms"},
  {"const char *", "token", "access_token authorization_header scope"},
  {"int64_t", "token", "generation valid_ms"},
} do
  for name in group[3]:gmatch "%S+" do
    ffi.cdef(("%s ecoauth_%s_%s(const ecoauth_%s *);"):format(group[1], group[2], name, group[2]))
  end
end

-- The setters of options that take one value, by the type of it.
library.setters = {
  text = "client_id scope base_url user_agent ca_file proxy token_format verification_url",
  number = "log_level dispatch keep_fresh role polling parameter_style",
  time = "request_timeout_ms connect_timeout_ms shutdown_timeout_ms",
}
for kind, names in pairs(library.setters) do
  local argument = ({text = "const char *", number = "int32_t", time = "int64_t"})[kind]
  for name in names:gmatch "%S+" do
    ffi.cdef(("int32_t ecoauth_options_set_%s(ecoauth_options *, %s);"):format(name, argument))
  end
end

-- The system's, for two things: the signal mask and the clock.
ffi.cdef [[
typedef struct { unsigned long bits[16]; } ecoauth_lua_sigset;
int pthread_sigmask(int, const ecoauth_lua_sigset *, ecoauth_lua_sigset *);
typedef struct { long seconds, nanoseconds; } ecoauth_lua_timespec;
int clock_gettime(int, ecoauth_lua_timespec *);
]]
local SIG_SETMASK, CLOCK_MONOTONIC = 2, 1

--- Seconds of a clock that only goes forward.
function library.now()
  local time = ffi.new "ecoauth_lua_timespec"
  ffi.C.clock_gettime(CLOCK_MONOTONIC, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

local loaded, loaded_from

--- Loads the library once: from `path`, else the file that ECOAUTH_LIBRARY names, else the system's. Happens by itself when first
--- needed; call it before to choose.
function library.load(path)
  if loaded then
    if path and path ~= loaded_from then error("the library is loaded already, from " .. loaded_from, 2) end
    return loaded
  end
  local chosen = path or os.getenv "ECOAUTH_LIBRARY" or SONAME
  -- A dynamically linked POCO blocks SIGPIPE in the thread that loads it.
  local mask = ffi.new "ecoauth_lua_sigset"
  ffi.C.pthread_sigmask(SIG_SETMASK, nil, mask)
  local fine, found = pcall(ffi.load, chosen)
  ffi.C.pthread_sigmask(SIG_SETMASK, mask, nil)
  if not fine then error("the ecoauth library cannot be loaded: " .. tostring(found), 2) end
  if found.ecoauth_version() < OLDEST_LIBRARY then
    error(chosen .. " is version " .. ffi.string(found.ecoauth_version_string()) .. ", which is too old for this package", 2)
  end
  loaded, loaded_from = found, chosen
  return loaded
end

--- A function of the library by its name without prefix.
function library.get(name)
  return library.load()["ecoauth_" .. name]
end

return library
