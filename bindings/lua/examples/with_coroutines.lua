-- Two accounts authorized side by side: a call that waits lets the other coroutine go on.
local ecoauth = require "ecoauth"

local client = ecoauth.client {
  store = ecoauth.memory_store(),
  client_id = os.getenv "ECOAUTH_CLIENT_ID",
  base_url = os.getenv "ECOAUTH_SERVER",
  on_pin = function(pin) print(("Enter %s for the %s"):format(pin.pin, pin.account)) end,
  on_wait = coroutine.yield,
}

local function authorize(key)
  return coroutine.create(function()
    local account = client:account(key)
    account:authorize_pin()
    print(("the %s is authorized, valid for %d s"):format(key, account:token().valid_for))
  end)
end

local running = {authorize "house", authorize "cabin"}
while #running > 0 do
  client:step(0.1) -- the program's own loop would do something else here, too
  for index = #running, 1, -1 do
    assert(coroutine.resume(running[index]))
    if coroutine.status(running[index]) == "dead" then table.remove(running, index) end
  end
end
client:close()
