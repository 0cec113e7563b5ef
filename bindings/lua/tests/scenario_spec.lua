-- The steps of ../../scenario.json.
local ecoauth = require "ecoauth"
local ffi = require "ffi"
local library = require "ecoauth.library"
local support = require "support"

describe("the scenario", function()
  local sandbox
  local function start(arguments) sandbox = support.sandbox(arguments) end
  after_each(function()
    if sandbox then sandbox:stop() end
    sandbox = nil
  end)

  it("shows a PIN, its progress, and is approved", function()
    start()
    local shown, progress
    local client = sandbox:client {
      on_pin = function(pin) shown = pin end,
      on_event = function(event) if event.kind == "PROGRESS" then progress = progress or event end end,
    }
    local account = client:account()
    local operation = account:start_authorize_pin()
    support.step_until(client, function() return shown end)
    assert.truthy(shown.pin:match "^[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9]%-[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9]$")
    assert.truthy(shown.verification_url:match "/consumerportal/index%.html$")
    assert.is_true(shown.remaining > 0 and shown.remaining <= 900)
    assert.same({"smartRead", "default"}, {shown.scope, shown.account})
    assert.falsy(tostring(shown):find(shown.pin, 1, true))
    support.step_until(client, function() return progress end)
    assert.is_true(progress.remaining > 0 and progress.remaining < shown.remaining)
    sandbox:control("approve", "pin=" .. shown.pin)
    operation:wait(30)
    local status = account:status()
    assert.same({"ACTIVE", 1, true, "memory"}, {status.state, status.generation, status.scope_satisfied, status.store})
    assert.same({}, status.flags)
    assert.equal(1, account:generation())
    assert.is_nil(account:last_error())
    client:close()
    support.passed("pin", "progress", "approve")
  end)

  it("hands out tokens and refreshes them", function()
    start "--auto-approve 0"
    local client = sandbox:client()
    local account = client:account()
    assert.is_nil(account:token_in_memory())
    local none = support.raises("reauthorize", account.token, account)
    assert.equal("NEEDS_AUTHORIZATION", none.name)
    assert.is_true(#none.advice > 0)
    account:authorize_pin(30)
    local token = account:token()
    assert.is_true(#token.access_token > 0)
    assert.equal("Bearer " .. token.access_token, token.authorization_header)
    assert.is_true(token.generation == 1 and token.valid_for > 3500 and token.valid_for <= 3600 and token.saved)
    assert.falsy(tostring(token):find(token.access_token, 1, true))
    assert.equal(token.access_token, account:token_in_memory())

    account:refresh()
    local second = account:token()
    assert.equal(2, second.generation)
    assert.not_equal(token.access_token, second.access_token)
    assert.is_false(account:report_rejected(token.generation))
    local limited = support.raises("retry", account.refresh, account)
    assert.same({"RATE_LIMITED", "RETRY"}, {limited.name, limited.action})
    assert.is_true(limited.retry_after > 0)
    assert.is_true(account:sign_out())
    assert.is_false(account:sign_out())
    client:close()
    support.passed("token", "refresh")
  end)

  it("repeats a refused request", function()
    start "--auto-approve 0"
    local client = sandbox:client()
    local account = client:account()
    account:authorize_pin(30)
    local first = account:request("GET", support.SUMMARY)
    assert.same({200, 0}, {first.http_status, first.api_status})
    assert.truthy(first.body:find("thermostatCount", 1, true))
    sandbox:control("expire", "what=access")
    local second = account:request("GET", support.SUMMARY)
    assert.same({200, 0}, {second.http_status, second.api_status})
    assert.equal(2, account:generation())
    assert.equal(3, sandbox:count "/1/thermostatSummary")
    assert.is_true(account:request("POST", "/1/thermostat?format=json", '{"selection": {}}', "application/json").http_status > 0)
    local third = account:request("GET", support.SUMMARY, nil, nil, nil, {headers = {["X-One"] = "1", ["X-Two"] = "2"}})
    assert.equal(first.body, third.body)
    local large = support.raises("fix_config", account.request, account, "GET", support.SUMMARY, nil, nil, nil, {max_response_bytes = 5})
    assert.equal("PROTOCOL", large.name)
    for name, header in pairs {Authorization = "mine", ["X-One"] = "1\nX-Two: 2", ["X-Two"] = "1\r", ["X-Three"] = "\0"} do
      local fine, refused = pcall(account.request, account, "GET", support.SUMMARY, nil, nil, nil, {headers = {[name] = header}})
      assert.same({false, "INVALID_ARGUMENT"}, {fine, refused.name})
    end
    client:close()
    support.passed "request"
  end)

  it("is cancelled by cancel(), by Ctrl-C and by a time-out", function()
    start()
    local pins, interrupted = {}, nil
    local client = sandbox:client {on_pin = function(pin) pins[#pins + 1] = pin.pin end}
    local account = client:account()
    local operation = account:start_authorize_pin()
    support.step_until(client, function() return #pins == 1 end)
    local begin = library.now()
    operation:cancel()
    support.raises("cancelled", operation.wait, operation, 10)
    assert.is_true(library.now() - begin < 1)

    client.on_pin = function(pin)
      pins[#pins + 1] = pin.pin
      interrupted = library.now()
      ffi.C.kill(ffi.C.getpid(), 2) -- as the terminal does
    end
    local fine, failure = pcall(account.authorize_pin, account)
    assert.is_false(fine)
    assert.truthy(tostring(failure):find("interrupted!", 1, true), tostring(failure))
    assert.is_true(library.now() - interrupted < 1)

    client.on_pin = function(pin) pins[#pins + 1] = pin.pin end
    support.raises("timeout", account.authorize_pin, account, 0.2)
    operation = account:start_authorize_pin()
    local before = #pins
    support.step_until(client, function() return #pins > before end)
    for _, pin in ipairs(pins) do assert.equal(pins[1], pin) end
    sandbox:control("approve", "pin=" .. pins[1])
    operation:wait(30)
    client:close()
    support.passed "cancel"
  end)

  it("says that a PIN has expired", function()
    start "--expired-as authorization_expired"
    local client
    client = sandbox:client {on_pin = function() sandbox:control("expire", "what=pin") end}
    local expired = support.raises("reauthorize", client:account().authorize_pin, client:account(), 30)
    assert.equal(ecoauth.numbers.code.PIN_EXPIRED, expired.code)
    client:close()
    support.passed "expired"
  end)

  it("says that the user declined", function()
    start()
    local client = sandbox:client {on_pin = function(pin) sandbox:control("decline", "pin=" .. pin.pin) end}
    local declined = support.raises("reauthorize", client:account().authorize_pin, client:account(), 30)
    assert.same({"DECLINED", "access_denied"}, {declined.name, declined.oauth_error})
    client:close()
    support.passed "declined"
  end)

  it("shares files with other processes", function()
    start "--auto-approve 0 --refresh-policy strict"
    local folder = os.tmpname()
    os.remove(folder)
    finally(function() support.run("rm -rf " .. folder) end)
    local client = sandbox:client {store = ecoauth.file_store(folder)}
    client:account():authorize_pin(30)
    assert.same({"default"}, client:accounts())
    client:close()
    sandbox:control("expire", "what=access")
    local before = sandbox:count "/token"
    local command, file = support.lua([[
      local ecoauth = require "ecoauth"
      local support = require "support"
      local client = ecoauth.client {store = ecoauth.file_store(arg[2]), client_id = support.CLIENT_ID, base_url = arg[1]}
      local response = client:account():request("GET", support.SUMMARY)
      assert(response.http_status == 200 and response.api_status == 0)
      client:close()
    ]], sandbox.url, folder)
    assert.equal("", support.run(("%s & first=$!; %s && wait $first"):format(command, command)))
    os.remove(file)
    assert.equal(before + 1, sandbox:count "/token")
    support.passed "two-processes"
  end)

  it("seals records", function()
    start "--auto-approve 0"
    local folder = support.run("mktemp -d"):match "%S+"
    finally(function() support.run("rm -rf " .. folder) end)
    support.run(("umask 77; echo %s >%s/key"):format(("0123456789abcdef"):rep(4), folder))
    local client = sandbox:client {store = ecoauth.file_store(folder .. "/tokens", {seal = ecoauth.seal_file(folder .. "/key")})}
    local account = client:account()
    account:authorize_pin(30)
    assert.not_equal("none", account:status().seal)
    local token = account:token().access_token
    assert.equal("", support.run(("grep -r -F -l '%s' %s/tokens || true"):format(token, folder)))
    client:close()
  end)

  it("authorizes by a browser, and imports", function()
    start()
    local client, back = sandbox:client(), "https://client.example/back"
    local account = client:account()
    local address = account:authorize_url("CODE", back)
    local state = address:match "[?&]state=([^&]+)"
    assert.truthy(address:find("/authorize?", 1, true) and state)
    local foreign = support.raises("reauthorize", account.complete_redirect, account, back .. "?error=access_denied&state=" .. state)
    assert.equal("DECLINED", foreign.name)
    local other = client:account "imported"
    local refused = support.raises("reauthorize", other.import_token, other, "RefreshTokenThatNobodyHasGivenOut")
    assert.equal("NEEDS_AUTHORIZATION", refused.name)
    client:close()
  end)

  it("refuses bad options", function()
    start()
    assert.has_error(function() ecoauth.client {store = "tokens"} end)
    assert.has_error(function() sandbox:client {no_such_option = 1} end)
    local address = support.raises("fix_config", sandbox.client, sandbox, {base_url = "no://address"})
    assert.truthy(address.message:find "base_url" and address.advice ~= "")
    support.raises("fix_config", sandbox.client, sandbox, {log_level = "LOUD"})
    local client = sandbox:client()
    support.raises("none", client.account, client, "with\0NUL")
    client:close()
  end)
end)
