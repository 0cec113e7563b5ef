-- What the tests share: sandbox processes, and the steps of ../../scenario.json.
local ffi = require "ffi"
local ecoauth = require "ecoauth"

ffi.cdef [[
int kill(int, int);
int getpid(void);
int usleep(unsigned);
]]

local support = {CLIENT_ID = "LuaTestLuaTestLuaTestLuaTestLua3"}
support.SUMMARY = "/1/thermostatSummary?json=%7B%22selection%22%3A%7B%22selectionType%22%3A%22registered%22%2C"
  .. "%22selectionMatch%22%3A%22%22%7D%7D"

local Sandbox = {}
Sandbox.__index = Sandbox

--- Starts one on a free port; it serves when this returns.
function support.sandbox(arguments)
  -- The shell says its process id and becomes the sandbox.
  local pipe = assert(io.popen(("echo $$; exec '%s' --port 0 --interval 1 %s </dev/null"):format(os.getenv "ECOAUTH_SANDBOX",
                                                                                           arguments or "")))
  local pid, ready = pipe:read "*n", nil
  repeat ready = assert(pipe:read "*l", "the sandbox did not start"):match "ecoauth%-sandbox ready: (%S+)" until ready
  return setmetatable({pipe = pipe, pid = pid, url = ready}, Sandbox)
end

function Sandbox:stop()
  ffi.C.kill(self.pid, 15)
  self.pipe:close()
end

--- The output of a program that must succeed.
function support.run(command)
  local pipe = assert(io.popen("{ " .. command .. "; } 2>&1; echo \"exit code $?\""))
  local said = pipe:read "*a"
  pipe:close()
  local output, code = said:match "^(.*)exit code (%d+)\n$"
  assert(code == "0", command .. ": " .. said)
  return output
end

function Sandbox:control(what, form)
  return support.run(("curl -sS -f -d '%s' '%s/sandbox/%s'"):format(form or "", self.url, what))
end

--- How many requests for paths that begin so it has answered.
function Sandbox:count(path)
  local log, count = support.run(("curl -sS -f '%s/sandbox/log'"):format(self.url)), 0
  for found in log:gmatch '"path":%s*"([^"]*)"' do
    if found:sub(1, #path) == path then count = count + 1 end
  end
  return count
end

--- A client of it with a memory store, and what else is said.
function Sandbox:client(more)
  local options = {store = ecoauth.memory_store(), client_id = support.CLIENT_ID, base_url = self.url}
  for name, value in pairs(more or {}) do options[name] = value end
  return ecoauth.client(options)
end

--- Lua code in a process of its own; a shell command that runs it.
function support.lua(code, ...)
  local name = os.tmpname()
  local file = assert(io.open(name, "w"))
  file:write(code)
  file:close()
  local words = {"luajit", name}
  for _, argument in ipairs {...} do words[#words + 1] = "'" .. argument .. "'" end
  return table.concat(words, " "), name
end

--- What a call raises; it must be an error of ours of this kind.
function support.raises(kind, call, ...)
  local fine, failure = pcall(call, ...)
  assert(not fine, "it succeeded")
  assert(ecoauth.is_error(failure), tostring(failure))
  assert(failure.kind == kind, failure.kind .. ": " .. failure.message)
  return failure
end

--- Steps until a condition holds.
function support.step_until(client, condition)
  local last = os.time() + 30
  while not condition() do
    assert(os.time() < last, "waited in vain")
    client:step(0.1)
  end
end

function support.passed(...)
  for _, step in ipairs {...} do print(("\nscenario %s: passed"):format(step)) end
end

function support.sleep(seconds) ffi.C.usleep(seconds * 1e6) end

return support
