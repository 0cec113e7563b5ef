-- What must not happen to the process, as ../../scenario.json lists it.
local ecoauth = require "ecoauth"
local ffi = require "ffi"
local library = require "ecoauth.library"
local support = require "support"

ffi.cdef [[
int fork(void);
int waitpid(int, int *, int);
void _exit(int);
typedef struct lua_State lua_State;
lua_State *luaL_newstate(void);
void luaL_openlibs(lua_State *);
int luaL_loadstring(lua_State *, const char *);
int lua_pcall(lua_State *, int, int, int);
const char *lua_tolstring(lua_State *, int, size_t *);
void lua_close(lua_State *);
]]

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end
local function resident_bytes() return tonumber(read("/proc/self/statm"):match "%d+ (%d+)") * 4096 end
local function descriptors() return tonumber(support.run(("ls /proc/%d/fd | wc -l"):format(ffi.C.getpid()))) end
local function threads() return tonumber(read("/proc/self/status"):match "Threads:%s+(%d+)") end

describe("no harm:", function()
  local sandbox
  local function start(arguments) sandbox = support.sandbox(arguments) end
  after_each(function()
    if sandbox then sandbox:stop() end
    sandbox = nil
  end)

  it("the program's own loop goes on while a call waits", function()
    start()
    local ticks, worst, last = 0, 0, library.now()
    local client = sandbox:client {on_wait = coroutine.yield}
    local waiting = coroutine.wrap(function()
      support.raises("timeout", client:account().authorize_pin, client:account(), 2)
      return "over"
    end)
    local begin = library.now()
    while waiting() ~= "over" do
      support.sleep(0.01)
      local now = library.now()
      ticks, worst, last = ticks + 1, math.max(worst, now - last), now
    end
    assert.is_true(library.now() - begin >= 1.9)
    assert.is_true(ticks >= 50 and worst < 0.5, ("%d ticks, longest gap %.3f s"):format(ticks, worst))
    client:close()
    support.passed "ticking"
  end)

  it("a process ends by itself with an authorization running", function()
    start()
    local code = [[
      local ecoauth = require "ecoauth"
      local support = require "support"
      local shown
      local client = ecoauth.client {store = ecoauth.memory_store(), client_id = support.CLIENT_ID, base_url = arg[1],
                                     on_pin = function() shown = true end}
      client:account():start_authorize_pin()
      support.step_until(client, function() return shown end)
    ]]
    local plain, first = support.lua(code, sandbox.url)
    local by_exit, second = support.lua(code .. "os.exit(0)", sandbox.url)
    assert.equal("", support.run(("set -e; for i in $(seq 50); do %s & one=$!; %s; wait $one; done"):format(plain, by_exit)))
    os.remove(first)
    os.remove(second)
    support.passed "exit"
  end)

  it("handlers that nobody else holds are called, whatever the collector does", function()
    start "--auto-approve 0"
    local shown = 0
    for _ = 1, 5 do
      local client = sandbox:client {
        on_pin = function() shown = shown + 1 end,
        on_event = function() collectgarbage() end,
        on_wait = function() collectgarbage() end,
      }
      client:account():authorize_pin(30)
      client:account():refresh()
      client:close()
    end
    assert.equal(5, shown)
    -- Clients and accounts that are forgotten are freed by the collector.
    local before = threads()
    for _ = 1, 20 do sandbox:client():account():authorize_pin(30) end
    collectgarbage()
    collectgarbage()
    local last = os.time() + 10
    while threads() > before and os.time() < last do support.sleep(0.01) end
    assert.is_true(threads() <= before)
    support.passed "garbage"
  end)

  it("a forked child is told so and can make a new client", function()
    start "--auto-approve 0"
    local client = sandbox:client()
    local account = client:account()
    account:authorize_pin(30)
    local child = ffi.C.fork()
    if child == 0 then
      local fine = pcall(function()
        support.raises("forked", account.token, account)
        local other = sandbox:client()
        other:account():authorize_pin(30)
        assert(other:account():token().generation == 1)
        other:close()
        client:close()
      end)
      ffi.C._exit(fine and 0 or 1)
    end
    local status = ffi.new "int[1]"
    assert.equal(child, ffi.C.waitpid(child, status, 0))
    assert.equal(0, status[0])
    account:refresh()
    assert.equal(2, account:token().generation)
    client:close()
    support.passed "fork"
  end)

  it("SIGPIPE stays as it was", function()
    start "--auto-approve 0"
    local command, file = support.lua([[
      local function signals() -- without 32 and 33, which the C library uses for threads
        local text = io.open "/proc/thread-self/status":read "*a"
        local function low(name) return text:match(name .. ":%s+%x%x%x%x%x%x%x%x(%x+)") end
        return low "SigBlk" .. low "SigIgn" .. low "SigCgt"
      end
      local before = signals()
      local ecoauth = require "ecoauth"
      local support = require "support"
      ecoauth.load()
      assert(signals() == before, "loading has changed signals")
      local client = ecoauth.client {store = ecoauth.memory_store(), client_id = support.CLIENT_ID, base_url = arg[1]}
      local account = client:account()
      account:authorize_pin(30)
      support.run("curl -sS -f -d 'name=reset&count=3&at=api' " .. arg[1] .. "/sandbox/fault >/dev/null")
      for _ = 1, 4 do
        local fine, failure = pcall(account.request, account, "GET", support.SUMMARY)
        assert(fine or failure.kind == "retry", tostring(failure))
      end
      assert(account:request("GET", support.SUMMARY).http_status == 200)
      assert(signals() == before, "using has changed signals")
      client:close()
    ]], sandbox.url)
    assert.equal("", support.run(command))
    os.remove(file)
    support.passed "sigpipe"
  end)

  it("what a handler raises comes out of the call that waits, and nothing is lost", function()
    start "--auto-approve 0"
    local thrown = 0
    local client = sandbox:client {on_event = function()
      thrown = thrown + 1
      error("from a handler", 0)
    end}
    local account = client:account()
    local fine, failure = pcall(account.authorize_pin, account, 30)
    assert.same({false, "from a handler"}, {fine, failure})
    client.on_event = nil
    account:authorize_pin(30)
    assert.equal("ACTIVE", account:status().state)
    assert.equal(1, thrown)
    client:close()
    print "\nscenario thrown: not applicable: no stores in Lua; what a handler raises: yes"
  end)

  it("used after its end an object says so", function()
    start()
    local shown
    local client = sandbox:client {on_pin = function() shown = true end}
    local account, ended = client:account(), client:account()
    local waiting = account:start_authorize_pin()
    support.step_until(client, function() return shown end)
    client:close()
    support.raises("closed", waiting.wait, waiting, 10)
    waiting:cancel()
    client:close()
    client:close_start()
    ended:close()
    ended:close()
    for _, name in ipairs {"token", "status", "refresh", "check_now", "token_in_memory"} do
      support.raises("closed", ended[name], ended)
      if name ~= "token_in_memory" then support.raises("closed", account[name], account) end
    end
    for _, name in ipairs {"account", "step", "accounts", "wakeup_fd"} do support.raises("closed", client[name], client) end
    support.raises("closed", client.quiesce, client, 1)
    assert.equal(0, account:generation())

    -- By a handler of its own, and step by step.
    local other
    other = sandbox:client {on_pin = function() other:close() end}
    support.raises("closed", other:account().authorize_pin, other:account(), 30)
    local kinds = {}
    other = sandbox:client {on_event = function(event) kinds[#kinds + 1] = event.kind end}
    waiting = other:account():start_authorize_pin()
    other:close_start()
    support.step_until(other, function() return kinds[#kinds] == "CLOSED" end)
    support.raises("cancelled", waiting.wait, waiting, 10)
    other:close()
    support.passed "closed"
  end)

  it("10,000 clients leave nothing behind", function()
    start()
    local bytes, before_threads, before_descriptors
    for run = 1, 10000 do
      if run == 1001 then
        collectgarbage()
        bytes, before_threads, before_descriptors = resident_bytes(), threads(), descriptors()
      end
      local client = sandbox:client()
      local account = client:account()
      account:status()
      account:close()
      client:close()
    end
    collectgarbage()
    assert.equal(before_descriptors, descriptors())
    assert.is_true(threads() <= before_threads)
    local grown = resident_bytes() - bytes
    print(("grown by %d KiB over 9,000 clients"):format(grown / 1024))
    assert.is_true(grown < 8 * 1024 * 1024)
    support.passed "reopen"
  end)

  it("Lua states end with clients open", function()
    start()
    local code = ([[
      package.path = %q
      local ecoauth = require "ecoauth"
      local shown
      client = ecoauth.client {store = ecoauth.memory_store(), client_id = %q, base_url = %q, on_pin = function() shown = true end}
      client:account():start_authorize_pin()
      local last = os.time() + 30
      while not shown and os.time() < last do client:step(0.1) end
      assert(shown)
    ]]):format(package.path, support.CLIENT_ID, sandbox.url)
    for _ = 1, 80 do
      local state = ffi.C.luaL_newstate()
      ffi.C.luaL_openlibs(state)
      local result = ffi.C.luaL_loadstring(state, code)
      if result == 0 then result = ffi.C.lua_pcall(state, 0, 0, 0) end
      local said = result ~= 0 and ffi.string(ffi.C.lua_tolstring(state, -1, nil))
      ffi.C.lua_close(state)
      assert.is_false(said)
    end
    support.passed "teardown"
  end)
end)
