"""The whole life of a grant, as a person and as a script see it."""
import os
import re
import urllib.parse

from harness import CLIENT_ID, Case, main
from relay import Relay

SUMMARY = "/1/thermostatSummary?json=" + urllib.parse.quote(
    '{"selection":{"selectionType":"registered","selectionMatch":""}}', safe="")


class Life(Case):
    """login, token, refresh, request, status, logout."""

    def text(self, profile):
        sandbox = self.sandbox("--profile", profile)
        tool = self.tool(sandbox)
        self.expect(tool.run("status"), 3)
        self.expect_failure(tool.run("token"), 3)

        login = self.login(tool, sandbox)
        self.assertEqual(login.out, "")
        self.assertRegex(login.err, r"(?m)^PIN:    \S+$")
        self.assertIn("Portal: " + sandbox.url + "/consumerportal/index.html", login.err)
        self.assertIn("Authorized for smartRead.", login.err)
        (name, record), = tool.files().items()
        self.assertEqual(os.stat(os.path.join(tool.store, name)).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(tool.store).st_mode & 0o777, 0o700)

        del tool.environment["ECOAUTH_CLIENT_ID"]  # the store knows it now
        first = self.expect(tool.run("token"), 0)
        self.assertRegex(first.out, r"^\S+\n$")
        self.assertEqual(first.err, "")
        self.assertEqual(self.expect(tool.run("token", "--header"), 0).out, "Authorization: Bearer " + first.out)

        self.expect(tool.run("refresh"), 0, "Refreshed")
        second = self.expect(tool.run("token"), 0)
        self.assertNotEqual(second.out, first.out)
        self.assertNotEqual(list(tool.files().values()), [record])

        body = self.expect(tool.run("request", "GET", SUMMARY), 0)
        self.assertIn('"thermostatCount": 1', body.out)
        self.assertEqual(body.err, "")

        heard = len(sandbox.log())
        status = self.expect(tool.run("status"), 0)
        self.assertEqual([each["path"] for each in sandbox.log()[heard:] if "/sandbox/" not in each["path"]], [])
        for row in ("Grant: +active$", "Access token: +valid for 59 min", "Scope: +asked for smartRead, granted .*smartRead",
                    "Store: +file:" + re.escape(tool.store), "Last error: +none$", "What to do: +nothing$",
                    "Server: +" + re.escape(sandbox.url) + "$", "Client id: +fingerprint [0-9a-f]{16}$"):
            self.assertRegex(status.out, "(?m)^" + row)

        self.expect(tool.run("logout"), 0, "Signed out")
        self.assertNotIn(second.out.strip().encode(), b"".join(tool.files().values()))
        self.expect(tool.run("status"), 3)
        self.expect_failure(tool.run("token"), 3)
        self.expect(tool.run("logout"), 0, "Nothing was stored")

    def json(self, profile):
        sandbox = self.sandbox("--profile", profile)
        tool = self.tool(sandbox)
        none = self.expect(tool.run("--json", "status"), 3).object("status")
        self.assertEqual((none["state"], none["scope_satisfied"], none["exit_code"]), ("NONE", None, 3))
        error = self.expect(tool.run("token", "--json"), 3).object("error")
        self.assertEqual((error["code"], error["action"], error["exit_code"]), ("NEEDS_AUTHORIZATION", "REAUTHORIZE", 3))
        self.assertTrue(error["message"] and error["advice"])

        process = tool.start("login", "--json")
        pin = sandbox.waiting_pin()
        sandbox.control("approve", pin=pin)
        login = self.expect(tool.end(process), 0)
        shown = login.object("pin")
        self.assertEqual((shown["pin"], shown["account"], shown["scope"]), (pin, "default", "smartRead"))
        life_ms = {"current": 900_000, "legacy": 540_000}[profile]
        self.assertTrue(life_ms - 30_000 < shown["remaining_ms"] <= life_ms, shown)
        done = login.object("authorized")
        self.assertEqual((done["scope_satisfied"], done["scope_asked"]), (True, "smartRead"))
        self.assertEqual(login.objects()[-1], done)

        token = self.expect(tool.run("token", "--json"), 0).object("token")
        self.assertGreater(token["token_valid_ms"], 3_500_000)
        header = self.expect(tool.run("token", "--json", "--header"), 0).object("token")
        self.assertEqual(header["authorization_header"], "Bearer " + token["access_token"])
        self.assertNotIn("access_token", header)
        refreshed = self.expect(tool.run("refresh", "--json"), 0).object("refreshed")
        self.assertEqual(refreshed["generation"], token["generation"] + 1)
        response = self.expect(tool.run("request", "get", SUMMARY, "--json"), 0).object("response")
        self.assertEqual((response["http_status"], response["api_status"]), (200, 0))
        self.assertIn('"thermostatCount": 1', response["body"])
        status = self.expect(tool.run("status", "--json"), 0).object("status")
        self.assertEqual((status["state"], status["generation"], status["scope_satisfied"], status["last_error"]),
                         ("ACTIVE", refreshed["generation"], True, None))
        self.assertEqual(status["server"], sandbox.url)
        self.assertEqual(self.expect(tool.run("logout", "--json"), 0).object("signed_out")["changed"], True)
        self.assertEqual(self.expect(tool.run("logout", "--json"), 0).object("signed_out")["changed"], False)

    def test_current_text(self):
        self.text("current")

    def test_legacy_text(self):
        self.text("legacy")

    def test_current_json(self):
        self.json("current")

    def test_legacy_json(self):
        self.json("legacy")


class Details(Case):
    def authorized(self, *sandbox_arguments, **options):
        sandbox = self.sandbox(*sandbox_arguments)
        tool = self.tool(sandbox, **options)
        self.login(tool, sandbox)
        return sandbox, tool

    def test_min_valid_refreshes_what_would_not_last(self):
        sandbox, tool = self.authorized("--access-seconds", "1000")
        first = self.expect(tool.run("token", "--min-valid", "900"), 0)
        longest = self.expect(tool.run("token", "--min-valid", "1000"), 0, "only: the server's tokens do not live as long")
        self.assertEqual((longest.out, first.err), (first.out, ""))
        sandbox.control("fault", name="http_status", status=503, count=-1, at="token")
        self.assertEqual(self.expect(tool.run("token"), 0).out, first.out)  # an outage is nobody's concern yet

    def test_options_before_and_after_the_command_and_environment(self):
        sandbox, tool = self.authorized()
        del tool.environment["ECOAUTH_SERVER"]
        store = "file:" + tool.store
        self.expect(tool.run("--server", sandbox.url, "--store", store, "status"), 0)
        self.expect(tool.run("status", "--server", sandbox.url, "--store=" + store), 0)
        tool.environment.update(ECOAUTH_SERVER="http://127.0.0.1:1", ECOAUTH_STORE="file:" + self.folder + "/elsewhere")
        self.expect(tool.run("status", "--server", sandbox.url, "--store", store), 0)
        tool.environment.update(ECOAUTH_SERVER=sandbox.url, ECOAUTH_STORE=store, ECOAUTH_ACCOUNT="nobody")
        self.expect(tool.run("status"), 3)
        self.expect(tool.run("status", "--account", "default"), 0)

    def test_accounts_are_kept_apart(self):
        sandbox, tool = self.authorized()
        self.login(tool, sandbox, "--account", "cabin")
        self.assertEqual(len(tool.files()), 2)
        first, second = tool.run("token").out, tool.run("token", "--account", "cabin").out
        self.assertNotEqual(first, second)
        self.expect(tool.run("logout", "--account", "cabin"), 0)
        self.assertEqual(tool.run("token").out, first)

    def test_client_id_from_a_file(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox, client_id=None)
        path = os.path.join(self.folder, "key")
        with open(path, "w", encoding="ascii") as file:
            file.write(CLIENT_ID + "\n")
        os.chmod(path, 0o600)
        login = self.login(tool, sandbox, "--client-id-file", path)
        self.assertNotIn("Warning", login.err)
        os.chmod(path, 0o644)
        self.expect(tool.run("status", "--client-id-file", path), 0, "Warning: other users may read")
        self.expect(tool.run("status", "--client-id-file", "-", data=CLIENT_ID.encode()), 0)
        self.expect(tool.run("status", "--client-id-file", "/dev/stdin", data=CLIENT_ID.encode()), 0)
        self.expect_failure(tool.run("status", "--client-id-file", path + "x"), 2)
        self.expect_failure(tool.run("status", "--client-id-file", "-", data=b" \n"), 2)
        self.expect_failure(tool.run("status", "--client-id-file", "-", data=b"two words"), 2)

    def test_default_folder(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        tool.environment["XDG_STATE_HOME"] = "not/absolute"  # to be ignored, says the specification
        tool.store = os.path.join(self.folder, ".local/state/ecoauth")
        self.login(tool, sandbox)
        self.assertEqual(len(tool.files()), 1)

    def test_memory_store_says_what_it_is(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.assertIn("memory only", self.login(tool, sandbox, "--store", "memory:").err)
        self.assertEqual(tool.files(), {})

    def test_quiet_shows_pin_and_errors_only(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        login = self.login(tool, sandbox, "--quiet")
        self.assertEqual([line.split(":")[0] for line in login.err.splitlines()], ["PIN", "Portal"])
        self.assertEqual(self.expect(tool.run("refresh", "-q"), 0).err, "")
        self.expect_failure(tool.run("token", "-q", "--account", "nobody"), 3)

    def test_requests_that_the_api_refuses(self):
        sandbox, tool = self.authorized()
        denied = self.expect_failure(tool.run("request", "POST", "/1/thermostat", "--data", "{}"), 4, "HTTP 500 and status 2")
        self.assertIn('"code": 2', denied.out)
        self.expect_failure(tool.run("request", "POST", "/1/thermostatSummary"), 1, "status 3")
        self.expect_failure(tool.run("request", "GET", "/nothing"), 1, "HTTP 404")
        sandbox.control("fault", name="http_status", status=503, count=1, at="api")
        self.expect_failure(tool.run("request", "GET", SUMMARY), 5, "HTTP 503")
        sandbox.control("fault", name="redirect", status=302, to="https://hotel.example/", at="api")
        self.expect_failure(tool.run("request", "GET", SUMMARY), 5, "HTTP 302", "not followed")
        sandbox.control("fault", name="http_status", status=404, count=1, at="api")
        self.assertEqual(self.expect(tool.run("request", "GET", SUMMARY, "--json"), 1).object("error")["http_status"], 404)
        self.expect(tool.run("request", "GET", SUMMARY), 0)

    def test_request_with_data(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.login(tool, sandbox, "--scope", "smartWrite")
        path = os.path.join(self.folder, "change.json")
        with open(path, "w", encoding="ascii") as file:
            file.write("{}")
        for arguments, data in ((("--data", "{}"), None), (("--data-file", path), None), (("--data-file", "-"), b"{}")):
            self.expect(tool.run("request", "POST", "/1/thermostat", *arguments, data=data), 0)
        self.expect_failure(tool.run("request", "GET", "/1/thermostat", "--data", "{}"), 2)
        self.expect_failure(tool.run("request", "POST", "/1/thermostat", "--data", "{}", "--data-file", path), 2)
        for method in ("CONNECT", "trace", "GET /", ""):
            self.expect_failure(tool.run("request", method, "/1/thermostat"), 2)
        tool.run("request", "patch", "/1/thermostat", "--data", "{}")
        self.assertIn(sandbox.log()[-2]["method"], ("PATCH", "(other)"))  # the last is the asking for the log
        self.expect_failure(tool.run("request", "GET", sandbox.url + "/1/thermostat"), 2)

    def test_request_with_headers(self):
        sandbox, tool = self.authorized()
        relay = Relay(sandbox.url)
        self.addCleanup(relay.close)
        tool.environment["ECOAUTH_SERVER"] = relay.url
        self.login(tool, sandbox)
        self.expect(tool.run("request", "--header", "X-One: a: b", "GET", SUMMARY, "--header", "Accept:text/plain"), 0)
        for line in (b"X-One: a: b", b"Accept: text/plain"):
            self.assertIn(b"\r\n" + line + b"\r\n", relay.sent)
        before = len(relay.sent)
        for line in ("Authorization: Bearer mine", "X-One", "X: a\nHost: other.example", "X: a\r", ""):
            with self.subTest(line):
                self.expect_failure(tool.run("request", "GET", SUMMARY, "--header", line), 2)
        self.assertEqual(len(relay.sent), before)

    def test_an_expired_token_is_refreshed_by_a_request(self):
        sandbox, tool = self.authorized()
        before = tool.run("token").out
        sandbox.control("expire", what="access")
        self.expect(tool.run("request", "GET", SUMMARY), 0)
        self.assertNotEqual(tool.run("token").out, before)

    def test_revoked_by_the_user(self):
        sandbox, tool = self.authorized()
        record = tool.files()
        sandbox.control("revoke", client_id=CLIENT_ID)
        self.expect_failure(tool.run("request", "GET", SUMMARY), 3)
        self.assertEqual(tool.files().keys(), record.keys())
        self.expect(tool.run("status"), 3)

    def test_scopes(self):
        sandbox = self.sandbox()
        relay = Relay(sandbox.url, to_server=[(b"scope=smartWrite", b"scope=smartRead")])
        self.addCleanup(relay.close)
        tool = self.tool(sandbox)
        tool.environment["ECOAUTH_SERVER"] = relay.url
        login = self.login(tool, sandbox, "--scope", "smartWrite", "--json")
        self.assertIn("Authorized, but read-only: asked for smartWrite, granted ", login.err)
        self.assertEqual(login.object("authorized")["scope_satisfied"], False)
        for scope in ((), ("--scope", "smartWrite")):
            self.assertIn("less than asked for", tool.run("status", *scope).out)
        self.assertEqual(tool.run("status", "--scope", "smartRead", "--json").object("status")["scope_satisfied"], True)

    def test_a_renewed_grant_keeps_its_scope(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.login(tool, sandbox, "--scope", "smartWrite")
        for _ in range(2):
            status = tool.run("status", "--json").object("status")
            self.assertEqual((status["scope_asked"], status["scope_satisfied"], status["advice"]), ("smartWrite", True, ""))
            self.expect(tool.run("request", "POST", "/1/thermostat", "--data", "{}"), 0)
            self.assertIn("Authorized for smartWrite.", self.login(tool, sandbox).err)
        self.assertIn("Authorized for smartRead.", self.login(tool, sandbox, "--scope", "smartRead").err)
        self.expect_failure(tool.run("request", "POST", "/1/thermostat", "--data", "{}"), 4, "--scope smartWrite")

    def test_control_characters_in_answers(self):
        sandbox = self.sandbox()
        relay = Relay(sandbox.url, to_client=[(b'"Sandbox"', b'"\x1b]0;x\x07A"'),
                                              (b"Injected by the", b"\\u001b[2J\\u0007")])
        self.addCleanup(relay.close)
        tool = self.tool(sandbox)
        tool.environment["ECOAUTH_SERVER"] = relay.url
        self.login(tool, sandbox)
        raw = tool.run("request", "GET", "/1/thermostat")
        self.assertIn('"\x1b]0;x\x07A"', raw.out)  # a pipe gets what was sent
        sandbox.control("fault", name="oauth_error", error="account_locked", count=1)
        refused = self.expect_failure(tool.run("refresh"), 4)
        self.assertRegex(refused.err, r"^[\n\x20-\x7e]*$")

    def test_output_that_cannot_be_written(self):
        _, tool = self.authorized()
        with open("/dev/full", "wb") as full:
            process = tool.start("token", stdout=full)
            self.assertEqual(process.wait(30), 1)
            self.assertIn(b"could not be written", process.stderr.read())
            process.stderr.close()
        reader, writer = os.pipe()
        os.close(reader)
        process = tool.start("token", stdout=writer)
        os.close(writer)
        self.assertEqual(process.wait(30), 0)  # a reader that has left is no failure
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()


class Usage(Case):
    def test_wrong_command_lines(self):
        tool = self.tool()
        for line, words in (("", "no command"), ("lgoin", 'Did you mean "ecoauth login"?'), ("help", "ecoauth --help"),
                            ("doctro", 'Did you mean "ecoauth doctor"?'), ("status more", "more arguments"),
                            ("login --flow code", "--redirect-uri"), ("login --flow carrier-pigeon", "--flow"),
                            ("login --redirect-uri https://example.com/cb", "--flow code"), ("login --pkce", "--flow code"),
                            ("login --flow utility --pkce --redirect-uri https://example.com/cb", "--pkce"),
                            ("status --proxy http://user:secret@example.com:1", "ECOAUTH_PROXY"),
                            ("status --proxy=http://user:secret@example.com:1", "ECOAUTH_PROXY"),
                            ("status --proxy gopher://example.com", "proxy"), ("completions tcsh", "bash, zsh and fish"),
                            ("token refresh", "more arguments"), ("import - --client-id-file -", "one thing only"), ("token --min-valid x", "--min-valid"),
                            ("token --min-valid -1", "--min-valid"), ("request GET", "PATH"), ("request POST /1/thermostat --data @change.json", "--data-file"), ("--server", "--server"),
                            ("status --bogus", "--bogus"), ("status --store ftp://x", "store"),
                            ("status --server ftp://x", "address"), ("status --server http://example.com", "address"),
                            ("status --scope a\x01", "scope"), ("status --account " + "a" * 201, "account"),
                            ("status --ca-file /nowhere/x", "CA certificates")):
            arguments = line.split()
            with self.subTest(arguments=arguments):
                run = self.expect_failure(tool.run(*arguments), 2, words)
                self.assertEqual(run.out, "")
                self.assertNotIn("secret@", run.err)
                as_json = self.expect(tool.run("--json", *arguments), 2).object("error")
                self.assertEqual(as_json["exit_code"], 2)

    def test_wrong_values(self):
        """Without what was typed, and with the help that has the answer."""
        tool = self.tool()
        for line, words, command in (
                ("login --flow carrier-pigeon", "--flow: it is pin, code or utility", "login"), ("login help", '"help"', "login"),
                ("help login", '"help"', "login"), ("token --min-valid 86401", "up to 86400", "token"),
                ("token --min-valid", "--min-valid needs a value", "token"), ("request GET", "PATH is required", "request"),
                ("--scope ems status --scope ems", "--scope may be given once only", "status")):
            with self.subTest(line=line):
                run = self.expect_failure(tool.run(*line.split()), 2, words, f'"ecoauth {command} --help"')
                for word in ("carrier", "86401", "SECONDS"):
                    self.assertNotIn(word, run.err)

    def test_a_second_refresh_within_a_minute(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        self.expect(tool.run("refresh"), 0)
        again = self.expect_failure(tool.run("refresh", "--json"), 5, "a moment ago", "at most one refresh a minute").object("error")
        self.assertEqual((again["code"], again["action"]), ("RATE_LIMITED", "RETRY"))
        self.assertIn(again["retry_after_ms"], range(50000, 60001))

    def test_names_of_options(self):
        """Not those of the library's parameters."""
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.expect_failure(tool.run("request", "GET", "/1/thermostat", "--header", "Host: x"), 2, "--header: ")
        self.expect_failure(tool.run("login", "--flow", "code", "--redirect-uri", "x"), 2, "--redirect-uri: ")

    def test_in_memory(self):
        tool = self.tool()
        self.assertIn("memory, until this program ends", self.expect(tool.run("status", "--store", "memory:"), 3).out)

    def test_a_secret_in_the_wrong_place_is_not_repeated(self):
        tool = self.tool(client_id=None)
        for line in ("login --client-id KEY", "login --client-id=KEY", "KEY", "login KEY", "login --key=KEY", "login --scope"):
            with self.subTest(line=line):
                run = self.expect_failure(tool.run(*line.replace("KEY", CLIENT_ID).split()), 2)
                self.assertNotIn(CLIENT_ID, run.out + run.err)
        self.assertIn("ECOAUTH_CLIENT_ID", tool.run("login", "--client-id", CLIENT_ID).err)

    def test_no_client_id_and_no_terminal(self):
        tool = self.tool(client_id=None)
        self.expect_failure(tool.run("login", "--server", "http://127.0.0.1:1"), 2, "ECOAUTH_CLIENT_ID", "--client-id-file")
        tool.environment["ECOAUTH_CLIENT_ID"] = "has a blank"
        refused = self.expect_failure(tool.run("login"), 2, "ECOAUTH_CLIENT_ID")
        self.assertNotIn("has a blank", refused.err)

    def test_help(self):
        tool = self.tool()
        everything = self.expect(tool.run("--help"), 0)
        for command in ("login", "token", "refresh", "request", "status", "accounts", "watch", "doctor", "import", "logout",
                        "version"):
            self.assertRegex(everything.out, rf"(?m)^  {command} ")
            self.assertIn("Example", self.expect(tool.run(command, "--help"), 0).out)
            self.assertIn("With --json", tool.run(command, "--help").out)
        for exit_code in (0, 1, 2, 3, 4, 5, 6, 7, 130):
            self.assertRegex(everything.out, rf"(?m)^  {exit_code}  +\S")
        self.assertEqual(everything.err, "")

    def test_version(self):
        tool = self.tool()
        self.assertRegex(self.expect(tool.run("version"), 0).out,
                         r"^ecoauth \d+\.\d+\.\d+\nlibrary \d+\.\d+\.\d+\nPOCO \d.*\nOpenSSL \d.*\n$")
        self.assertTrue(self.expect(tool.run("version", "--json"), 0).object("version")["openssl_file"])
        self.assertRegex(self.expect(tool.run("--version"), 0).out, r"^ecoauth \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    main()
