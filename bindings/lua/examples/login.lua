-- Authorizes once, then makes a request: run it twice and the second run asks for nothing.
local ecoauth = require "ecoauth"

local client = ecoauth.client {
  store = ecoauth.file_store "tokens",
  client_id = os.getenv "ECOAUTH_CLIENT_ID",
  base_url = os.getenv "ECOAUTH_SERVER",
  on_pin = function(pin) print(("Enter %s at %s"):format(pin.pin, pin.verification_url)) end,
}
local account = client:account()

local fine, failure = pcall(function()
  if account:wait_for_change(0).state ~= "ACTIVE" then account:authorize_pin() end
  print(account:request("GET", "/1/thermostatSummary?json=%7B%7D").body)
end)
client:close()
if not fine then
  io.stderr:write(tostring(failure), "\n", ecoauth.is_error(failure) and failure.advice or "", "\n")
  os.exit(1)
end
