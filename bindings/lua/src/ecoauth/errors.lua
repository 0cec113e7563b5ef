-- Errors: tables that are raised with error(). `kind` is what a program can do about one.
-- SPDX-License-Identifier: MIT
local ffi = require "ffi"
local library = require "ecoauth.library"
local numbers = require "ecoauth.numbers"

local errors = {}

local Error = {__name = "ecoauth.error"}
Error.__tostring = function(self) return self.message end

-- Codes that programs look for themselves, whatever their action.
local OWN_KINDS = {CANCELLED = "cancelled", TIMEOUT = "timeout", CLOSED = "closed", FORKED = "forked"}

local function text(pointer) return ffi.string(pointer) end

--- Makes an error. `more` has further members.
function errors.make(code, message, action, more)
  local name = numbers.name("code", code, "UNKNOWN")
  local what = numbers.name("action", action or 0, "USER_ACTION")
  local made = {code = code, name = name, action = what, kind = OWN_KINDS[name] or what:lower(), advice = "", retry_after = 0,
                oauth_error = "", oauth_description = "", oauth_uri = ""}
  for key, value in pairs(more or {}) do made[key] = value end
  made.message = message ~= "" and message or name
  return setmetatable(made, Error)
end

--- From the library's error object, which is left alone; NULL when memory was short.
function errors.copy(code, object)
  if object == nil then return errors.make(code, "") end
  local get = library.get
  local http, api = get "error_http_status" (object), get "error_api_status" (object)
  return errors.make(get "error_code" (object), text(get "error_message" (object)), get "error_action" (object), {
    advice = text(get "error_advice" (object)),
    retry_after = tonumber(get "error_retry_after_ms" (object)) / 1000, -- seconds
    oauth_error = text(get "error_oauth_error" (object)),
    oauth_description = text(get "error_oauth_description" (object)),
    oauth_uri = text(get "error_oauth_uri" (object)),
    http_status = http ~= 0 and http or nil,
    api_status = api >= 0 and api or nil,
  })
end

--- The same, of an out parameter `ecoauth_error *[1]`, and releases it.
function errors.take(code, out)
  local copied = errors.copy(code, out[0])
  library.get "error_free" (out[0])
  return copied
end

--- Returns a result that is a success; raises what went wrong otherwise.
function errors.check(result, out)
  if result < 0 then error(errors.take(result, out), 0) end
  return result
end

--- Is this one of ours?
function errors.is_error(value) return getmetatable(value) == Error end

return errors
