-- One user's grant under a name.
-- SPDX-License-Identifier: MIT
local ffi = require "ffi"
local errors = require "ecoauth.errors"
local library = require "ecoauth.library"
local numbers = require "ecoauth.numbers"
local values = require "ecoauth.values"

local account = {}

local Account = {}
Account.__index = Account
Account.__tostring = function(self) return "ecoauth.account (" .. self.key .. ")" end

-- How long calls to the server and the store are waited for when nothing else is said, in seconds.
local USUAL_TIMEOUT = 60

function account.milliseconds(seconds) return seconds and math.max(0, math.floor(seconds * 1000)) or -1 end

--- A text for C: no NUL may be in it.
function account.c_text(given, name)
  if type(given) ~= "string" or given:find "%z" then
    error(errors.make(numbers.code.INVALID_ARGUMENT, name .. " must be a text without NUL characters"), 0)
  end
  return given
end
local c_text = account.c_text

function account.open(client, key)
  local out, failure = ffi.new "ecoauth_account *[1]", ffi.new "ecoauth_error *[1]"
  errors.check(library.get "account_open" (client:open_handle(), c_text(key, "the account's name"), out, failure), failure)
  return setmetatable({client = client, key = key, handle = ffi.gc(out[0], library.get "account_close")}, Account)
end

local function open_handle(self)
  if not self.handle then error(errors.make(numbers.code.CLOSED, "the account has been closed"), 0) end
  return self.handle
end

local function start(self, name, ...)
  local arguments, count = {...}, select("#", ...)
  local handle = open_handle(self)
  return self.client:begin(function(number, failure)
    arguments[count + 1], arguments[count + 2] = number, failure
    return library.get("account_" .. name .. "_start")(handle, unpack(arguments, 1, count + 2))
  end)
end

-- --- Operations: start_NAME(...) returns at once with one that can be waited for and cancelled; NAME(..., timeout) waits ---------
function Account:start_authorize_pin() return start(self, "authorize_pin") end
function Account:start_token(min_valid) return start(self, "get_token", account.milliseconds(min_valid or 0)) end
function Account:start_refresh() return start(self, "refresh") end
function Account:start_sign_out() return start(self, "sign_out") end
function Account:start_wait_for_change(seen_revision) return start(self, "wait", seen_revision) end

--- `more.headers` are sent beside the library's own; an answer larger than `more.max_response_bytes` (at most 64 MiB, 4 MiB when
--- nothing is said) is an error.
function Account:start_request(method, target, body, content_type, more)
  if body ~= nil and type(body) ~= "string" then error("a body is a string", 2) end
  local lines = {}
  for name, header in pairs(more and more.headers or {}) do
    if (name .. header):find "\n" then
      error(errors.make(numbers.code.INVALID_ARGUMENT, "a name or value of headers holds a line feed"), 0)
    end
    lines[#lines + 1] = name .. ": " .. header .. "\n"
  end
  return start(self, "request_with", c_text(method, "method"), c_text(target, "target"), c_text(table.concat(lines), "headers"), body,
               body and #body or 0, content_type and c_text(content_type, "content_type"), more and more.max_response_bytes or 0)
end

function Account:start_authorize_url(flow, redirect_uri)
  local number = numbers.flow[flow] or error("a flow is CODE, CODE_PKCE or UTILITY", 2)
  return start(self, "authorize_url", number, c_text(redirect_uri, "redirect_uri"))
end

function Account:start_complete_redirect(redirected_url)
  return start(self, "complete_redirect", c_text(redirected_url, "redirected_url"))
end

function Account:start_import_token(refresh_token) return start(self, "import", c_text(refresh_token, "refresh_token")) end

--- Gets a PIN, shows it through `on_pin`, and returns when the user has approved it. Waits without limit unless told otherwise.
function Account:authorize_pin(timeout) self:start_authorize_pin():wait(timeout) end

--- An access token valid for at least `min_valid` seconds more.
function Account:token(min_valid, timeout) return self:start_token(min_valid):wait(timeout or USUAL_TIMEOUT).token end

--- Refreshes now, whatever the token's age.
function Account:refresh(timeout) self:start_refresh():wait(timeout or USUAL_TIMEOUT) end

--- An authorized API request; a refused token is refreshed and the request repeated once. `more` as for start_request.
function Account:request(method, target, body, content_type, timeout, more)
  return self:start_request(method, target, body, content_type, more):wait(timeout or USUAL_TIMEOUT).response
end

--- Forgets the grant, on disk too. False when there was none.
function Account:sign_out(timeout)
  return self:start_sign_out():wait(timeout or USUAL_TIMEOUT).result ~= numbers.code.ALREADY_DONE
end

--- The status, once its revision differs from `seen_revision`; with 0 once the store has been read.
function Account:wait_for_change(seen_revision, timeout)
  self:start_wait_for_change(seen_revision):wait(timeout)
  return self:status()
end

--- The address to open in a browser; `flow` is "CODE", "CODE_PKCE" or "UTILITY".
function Account:authorize_url(flow, redirect_uri, timeout)
  return self:start_authorize_url(flow, redirect_uri):wait(timeout or USUAL_TIMEOUT).text
end

--- Takes the address to which the browser was sent back.
function Account:complete_redirect(redirected_url, timeout)
  self:start_complete_redirect(redirected_url):wait(timeout or USUAL_TIMEOUT)
end

--- Brings a refresh token from elsewhere under the library's care.
function Account:import_token(refresh_token, timeout) self:start_import_token(refresh_token):wait(timeout or USUAL_TIMEOUT) end

-- --- What never waits -------------------------------------------------------------------------------------------------------
local function call(self, name, ...)
  local failure = ffi.new "ecoauth_error *[1]"
  local arguments, count = {...}, select("#", ...)
  arguments[count + 1] = failure
  return errors.check(library.get("account_" .. name)(open_handle(self), unpack(arguments, 1, count + 1)), failure)
end

--- The user says "done": polls as soon as the interval allows.
function Account:check_now() call(self, "check_now") end

--- The API refused the token of this generation. False when a newer one is there. Repeat the API call once.
function Account:report_rejected(generation) return call(self, "report_rejected", generation) ~= numbers.code.ALREADY_DONE end

function Account:status()
  local out = ffi.new "ecoauth_status *[1]"
  call(self, "status", out)
  local fine, status = pcall(values.status, out[0])
  library.get "status_free" (out[0])
  return fine and status or error(status, 0)
end

--- The most recent failure; nil after a success.
function Account:last_error()
  local out = ffi.new "ecoauth_error *[1]"
  local result = library.get "account_last_error" (open_handle(self), out)
  if result == numbers.code.NOT_FOUND then return nil end
  return errors.take(result, out)
end

--- Counts token pairs, 0 without one.
function Account:generation() return math.max(0, tonumber(library.get "account_generation" (open_handle(self)))) end

--- The access token in memory; nil when there is none or it has expired: then call token().
function Account:token_in_memory()
  local size, needed = 2048, ffi.new "size_t[1]"
  while true do
    local buffer = ffi.new("char[?]", size)
    local result = library.get "account_copy_token" (open_handle(self), buffer, size, needed, nil)
    if result ~= numbers.code.BUFFER_TOO_SMALL then return result >= 0 and ffi.string(buffer) or nil end
    size = tonumber(needed[0])
  end
end

--- Ends this object; the grant is not touched. Once or more.
function Account:close()
  if self.handle then library.get "account_close" (ffi.gc(self.handle, nil)) end
  self.handle = nil
end

return account
