-- Every number of the headers, read from the headers themselves, has its place in Lua.
local ffi = require "ffi"
local errors = require "ecoauth.errors"
local library = require "ecoauth.library"
local numbers = require "ecoauth.numbers"
local support = require "support"

local HEADERS = os.getenv "ECOAUTH_HEADERS" .. "/ecoauth/"

local function read(header)
  local file = assert(io.open(HEADERS .. header))
  local text = file:read "*a"
  file:close()
  return text
end

-- The numbers that begin with a prefix, but not with one of `but`.
local function members(header, prefix, but)
  local found, count = {}, 0
  for line in read(header):gmatch "[^\n]+" do
    local name, number = line:match("^#define " .. prefix .. "([A-Z_]+) %(?(%-?%d+)%)?$")
    if name and not (but and name:find(but)) then
      found[name], count = tonumber(number), count + 1
    end
  end
  assert(count > 0, header)
  return found, count
end

describe("the numbers", function()
  it("of the headers are all known", function()
    local codes, count = members("error.h", "ECOAUTH_ERROR_")
    assert.is_true(count >= 36)
    local all = members("error.h", "ECOAUTH_", "^ACTION_")
    for name, number in pairs(all) do
      if name:find "^ERROR_" then all[name] = nil end
    end
    for name, number in pairs(codes) do all[name] = number end
    assert.same(all, numbers.code)
    for name, number in pairs(all) do assert.equal(name, ffi.string(library.get "result_name" (number))) end

    local own = {CANCELLED = "cancelled", TIMEOUT = "timeout", CLOSED = "closed", FORKED = "forked"}
    local actions = members("error.h", "ECOAUTH_ACTION_")
    assert.same(actions, numbers.action)
    for action, number in pairs(actions) do
      assert.equal(action, ffi.string(library.get "action_name" (number)))
      for name, code in pairs(codes) do
        local made = errors.make(code, "text", number)
        assert.same({name, code, action, own[name] or action:lower(), "text"},
                    {made.name, made.code, made.action, made.kind, tostring(made)})
      end
    end
    for _, each in ipairs {
      {"event.h", "EVENT_", "event"}, {"event.h", "LOG_", "log"}, {"status.h", "GRANT_", "state"}, {"status.h", "FLAG_", "flag"},
      {"options.h", "KEEP_FRESH_", "keep_fresh"}, {"options.h", "ROLE_", "role"}, {"options.h", "POLLING_", "polling"},
      {"options.h", "PARAMETERS_", "parameter_style"}, {"account.h", "FLOW_", "flow"},
    } do
      assert.same((members(each[1], "ECOAUTH_" .. each[2])), numbers[each[3]])
    end
    for name, number in pairs(numbers.state) do assert.equal(name, ffi.string(library.get "state_name" (number))) end

    -- Of a later library.
    local later = errors.make(-9999, "", 99)
    assert.same({-9999, "UNKNOWN", "user_action"}, {later.code, later.name, later.kind})
    assert.equal("SUSPECT", numbers.name("state", 99, "SUSPECT"))
    assert.is_nil(numbers.name("event", 99))
    local out = ffi.new "ecoauth_error *[1]"
    assert.equal(99, errors.check(99, out))
    support.passed "errors"
  end)

  it("functions are declared as the headers do", function()
    local declared, used = {}, {}
    for header in support.run("ls " .. HEADERS):gmatch "%S+%.h" do
      for name in read(header):gsub("\n%s+", " "):gmatch "ECOAUTH_EXPORT [^;]-(ecoauth_[a-z_]+)%(" do declared[name] = true end
    end
    local source = io.open(package.searchpath("ecoauth.library", package.path)):read "*a"
    for name in source:gmatch "(ecoauth_[a-z_]+)%(" do used[name] = true end
    for name in pairs(used) do
      if name:find "^ecoauth_[a-z]+_[a-z]" then assert.is_true(declared[name] or name:find "^ecoauth_lua", name) end
    end
    -- Each can be called, also the generated ones, but those that other languages are for: callbacks and blocking forms.
    local for_others = {ecoauth_blob_set = true, ecoauth_client_dispatch = true, ecoauth_account_authorization_header = true,
                        ecoauth_response_free = true, ecoauth_token_free = true, ecoauth_account_request_start = true}
    for name in pairs(declared) do
      local left_out = for_others[name] or name:find "callback" or (name:find "^ecoauth_account_" and declared[name .. "_start"])
      assert.equal(not left_out, (pcall(library.get, (name:gsub("^ecoauth_", "")))), name)
    end
  end)
end)
