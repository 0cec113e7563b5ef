-- The client: its handle, its events, and the operations under way. One Lua state, one thread: whoever waits reads the events.
-- SPDX-License-Identifier: MIT
local ffi = require "ffi"
local account = require "ecoauth.account"
local errors = require "ecoauth.errors"
local library = require "ecoauth.library"
local numbers = require "ecoauth.numbers"
local values = require "ecoauth.values"

local POLL = 2 -- ECOAUTH_DISPATCH_POLL
-- How long a wait stays in the library at a time: Ctrl-C takes effect when it comes back.
local SLICE = 0.1

local Client = {}
Client.__index = Client
Client.__tostring = function(self) return "ecoauth.client (" .. (self.handle and "open" or "closed") .. ")" end

local Operation = {}
Operation.__index = Operation

local KINDS = {}
for kind, names in pairs(library.setters) do
  for name in names:gmatch "%S+" do
    if name ~= "dispatch" then KINDS[name:gsub("_ms$", "")] = kind end
  end
end
local HANDLED = {store = true, on_pin = true, on_event = true, on_wait = true, advisory_window = true, mandatory_window = true}

-- What a setter refuses, client_new refuses, and says why.
local function set(options, name, given)
  local kind = KINDS[name]
  if kind == "text" then
    library.get("options_set_" .. name)(options, account.c_text(given, name))
  elseif kind == "time" then
    library.get("options_set_" .. name .. "_ms")(options, account.milliseconds(given))
  else
    local number = type(given) == "string" and (numbers[name == "log_level" and "log" or name])[given] or given
    if type(number) ~= "number" then
      error(errors.make(numbers.code.INVALID_ARGUMENT, "the option " .. name .. " has no such value", numbers.action.FIX_CONFIG), 0)
    end
    library.get("options_set_" .. name)(options, number)
  end
end

local function build(given)
  if type(given.store) ~= "table" or not given.store.make then
    error("a client needs a store: ecoauth.file_store(folder) or ecoauth.memory_store()", 3)
  end
  for name in pairs(given) do
    if not KINDS[name] and not HANDLED[name] then error("there is no option " .. tostring(name), 3) end
  end
  local options = library.get "options_new" ()
  local fine, failure = pcall(function()
    library.get "options_set_store" (options, given.store.make())
    library.get "options_set_dispatch" (options, POLL)
    for name, member in pairs(given) do
      if KINDS[name] then set(options, name, member) end
    end
    local advisory, mandatory = given.advisory_window, given.mandatory_window
    if advisory then library.get "options_set_advisory_window" (options, advisory[1], advisory[2]) end
    if mandatory then library.get "options_set_mandatory_window" (options, mandatory[1] * 1000, mandatory[2]) end
  end)
  if not fine then
    library.get "options_free" (options)
    error(failure, 0)
  end
  return options
end

--- Makes a client of a table of options; see the README.
function Client.new(given)
  local options = build(given)
  local client, failure = ffi.new "ecoauth_client *[1]", ffi.new "ecoauth_error *[1]"
  errors.check(library.get "client_new" (options, client, failure), failure)
  return setmetatable({handle = ffi.gc(client[0], library.get "client_free"), pending = {}, on_pin = given.on_pin,
                       on_event = given.on_event, on_wait = given.on_wait}, Client)
end

--- The pointer; raises when the client has been closed.
function Client:open_handle()
  if not self.handle then error(errors.make(numbers.code.CLOSED, "the client has been closed"), 0) end
  return self.handle
end

--- The grant under a name ("default"). Reads and sends nothing.
function Client:account(key) return account.open(self, key or "default") end

-- --- Events ---------------------------------------------------------------------------------------------------------------
local function next_event(self, timeout_ms)
  local out, failure = ffi.new "ecoauth_event *[1]", ffi.new "ecoauth_error *[1]"
  local result = library.get "client_next_event" (self:open_handle(), timeout_ms, out, failure)
  if result == numbers.code.TIMEOUT then
    library.get "error_free" (failure[0])
    return nil
  end
  errors.check(result, failure)
  local fine, event = pcall(values.event, out[0])
  library.get "event_free" (out[0])
  if not fine then error(event, 0) end
  return event
end
jit.off(next_event) -- compiled code would not look at the hook that Ctrl-C sets

local function deliver(self, event)
  local operation = event.kind == "COMPLETED" and self.pending[event.operation]
  if operation then
    self.pending[event.operation] = nil
    operation.done, operation.event, operation.error = true, event, event.error
  end
  if event.pin and self.on_pin then self.on_pin(event.pin) end
  if event.kind and self.on_event then self.on_event(event) end
end

--- Handles the events that wait; when none does, waits up to `timeout` seconds for one. Returns how many there were. What a handler
--- raises comes out here, and nothing is lost by it: the other events are handled by the next step.
function Client:step(timeout)
  local count, event = 0, next_event(self, account.milliseconds(timeout or 0))
  while event do
    count = count + 1
    deliver(self, event)
    if not self.handle or event.kind == "CLOSED" then break end
    event = next_event(self, 0)
  end
  return count
end
jit.off(Client.step)

--- A socket that becomes readable when events wait; drain it, then step(0). It is the caller's to close.
function Client:wakeup_fd()
  local fd, failure = ffi.new "int32_t[1]", ffi.new "ecoauth_error *[1]"
  errors.check(library.get "client_wakeup_fd" (self:open_handle(), fd, failure), failure)
  return fd[0]
end

-- --- Operations -----------------------------------------------------------------------------------------------------------
--- Begins an operation; `begin` gets the two out parameters.
function Client:begin(begin)
  local number, failure = ffi.new "int64_t[1]", ffi.new "ecoauth_error *[1]"
  errors.check(begin(number, failure), failure)
  local operation = setmetatable({client = self, number = tonumber(number[0]), done = false}, Operation)
  self.pending[operation.number] = operation
  return operation
end

--- Ends it early; it completes as cancelled.
function Operation:cancel()
  if self.client.handle and not self.done then library.get "client_cancel" (self.client.handle, self.number) end
end

local function wait(self, deadline)
  local client = self.client
  while not self.done do
    local left = deadline and deadline - library.now() or SLICE
    if left <= 0 then error(errors.make(numbers.code.TIMEOUT, "the time given to the call is over"), 0) end
    if client.on_wait then
      client:step(0)
      if not self.done then client.on_wait(client) end
    else
      client:step(math.min(left, SLICE))
    end
  end
end
jit.off(wait)

--- Waits until it has ended, at most `timeout` seconds; returns its COMPLETED event or raises its error. A time-out, Ctrl-C, and what
--- a handler raises, cancel it.
function Operation:wait(timeout)
  local fine, failure = pcall(wait, self, timeout and library.now() + timeout)
  if not fine then
    self:cancel()
    error(failure, 0)
  end
  if self.error then error(self.error, 0) end
  return self.event
end

-- --- The end --------------------------------------------------------------------------------------------------------------
--- Starts nothing new, waits until running exchanges have finished and everything is saved.
function Client:quiesce(timeout)
  local failure = ffi.new "ecoauth_error *[1]"
  errors.check(library.get "client_quiesce" (self:open_handle(), account.milliseconds(timeout), failure), failure)
end

--- The names of the accounts that the store has grants of.
function Client:accounts(timeout)
  local list, failure = ffi.new "ecoauth_account_list *[1]", ffi.new "ecoauth_error *[1]"
  errors.check(library.get "client_accounts" (self:open_handle(), account.milliseconds(timeout or 60), list, failure), failure)
  local keys = {}
  for index = 0, tonumber(library.get "account_list_size" (list[0])) - 1 do
    keys[#keys + 1] = ffi.string(library.get "account_list_key" (list[0], index))
  end
  library.get "account_list_free" (list[0])
  return keys
end

--- Begins what close() does without waiting: when the CLOSED event has come, close() returns at once.
function Client:close_start()
  local failure = ffi.new "ecoauth_error *[1]"
  if self.handle then errors.check(library.get "client_close_start" (self.handle, failure), failure) end
end

--- Ends the client, waiting for running exchanges up to the shutdown time-out. Once or more.
function Client:close()
  local handle = self.handle
  if not handle then return end
  self.handle = nil
  library.get "client_free" (ffi.gc(handle, nil))
  for _, operation in pairs(self.pending) do
    operation.done, operation.error = true, errors.make(numbers.code.CLOSED, "the client has been closed")
  end
  self.pending = {}
end

return Client
