-- What calls and events hand over, as plain tables. Times are seconds. tostring() shows no secret.
-- SPDX-License-Identifier: MIT
local ffi = require "ffi"
local errors = require "ecoauth.errors"
local library = require "ecoauth.library"
local numbers = require "ecoauth.numbers"

local values = {}

-- Reads the members of one object: text "account_key", number "flags", time "remaining_ms".
local function reader(kind, object)
  local get = function(name) return library.get(kind .. "_" .. name)(object) end
  return function(name) return ffi.string(get(name)) end,
    function(name) return tonumber(get(name)) end,
    function(name) return tonumber(get(name)) / 1000 end
end

-- A value of which only `shown` is seen in its text form.
local function value(kind, shown, members)
  return setmetatable(members, {__tostring = function() return ("ecoauth.%s (%s)"):format(kind, shown) end})
end

local function unless_negative(number)
  if number >= 0 then return number end
end

local function flags_of(number)
  local set = {}
  for name, bit_value in pairs(numbers.flag) do set[name] = bit.band(number, bit_value) ~= 0 or nil end
  return set
end

function values.token(object, result)
  local text, number, time = reader("token", object)
  return value("token", "generation " .. number "generation", {
    access_token = text "access_token", authorization_header = text "authorization_header", generation = number "generation",
    valid_for = time "valid_ms", scope = text "scope", saved = result == 0})
end

function values.response(object)
  local text, number = reader("response", object)
  local get = library.get
  return value("response", "HTTP " .. number "http_status", {
    http_status = number "http_status", api_status = unless_negative(number "api_status"), content_type = text "content_type",
    body = ffi.string(get "response_body" (object), get "response_body_bytes" (object))})
end

function values.status(object)
  local text, number, time = reader("status", object)
  local state, satisfied = numbers.name("state", number "grant_state", "SUSPECT"), number "scope_satisfied"
  return value("status", state, {
    revision = number "revision", state = state, reason = text "reason", flags = flags_of(number "flags"),
    generation = number "generation", token_valid_for = time "token_valid_ms", token_age = unless_negative(time "token_age_ms"),
    next_try = unless_negative(time "next_try_ms"), pin_valid_for = time "pin_valid_ms", scope_granted = text "scope_granted",
    scope_asked = text "scope_asked", scope_satisfied = satisfied > 0, account = text "account_key", origin = text "origin",
    client_fingerprint = text "client_fingerprint", store = text "store", seal = text "seal"})
end

--- `kind` is nil for kinds of a later library.
function values.event(object)
  local text, number, time = reader("event", object)
  local get = library.get
  local kind, result, account = numbers.name("event", number "kind"), number "result", text "account_key"
  local failure, token, response = get "event_error" (object), get "event_token" (object), get "event_response" (object)
  local data = get "event_data" (object)
  return value("event", kind or "UNKNOWN", {
    kind = kind, account = account, operation = number "operation", result = result,
    error = (failure ~= nil or result < 0) and errors.copy(result, failure) or nil,
    pin = kind == "PIN" and value("pin", account, {account = account, pin = text "pin", scope = text "text",
                                                   verification_url = text "verification_url", remaining = time "remaining_ms"}) or nil,
    remaining = time "remaining_ms", state = numbers.name("state", number "state", "SUSPECT"), flags = flags_of(number "flags"),
    generation = number "generation", text = text "text", log_level = numbers.name("log", number "log_level", "TRACE"),
    dropped = number "dropped", token = token ~= nil and values.token(token, result) or nil,
    response = response ~= nil and values.response(response) or nil,
    data = data ~= nil and ffi.string(data, get "event_data_bytes" (object)) or nil})
end

return values
