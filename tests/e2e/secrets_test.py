"""Canaries: no token, code, client id or PIN is seen where it does not belong, at the most verbose level, whatever happens."""
import os
import urllib.parse

from harness import CLIENT_ID, OTHER_CLIENT_ID, Case, main, wait_for
from relay import Relay

MOST = ("--verbose", "--verbose")


class Canaries(Case):
    def watched(self, *arguments, **relay):
        self.server = self.sandbox(*arguments)
        self.relay = Relay(self.server.url, **relay)
        self.addCleanup(self.relay.close)
        tool = self.tool(self.server)
        tool.environment["ECOAUTH_SERVER"] = self.relay.url
        return tool

    def secrets(self):
        found = {"client id": {CLIENT_ID, OTHER_CLIENT_ID}}
        for name in ("access_token", "refresh_token", "code"):
            found[name] = set(self.relay.values(name))
        # Such a value travels encoded, too.
        return {(kind, spelling) for kind, values in found.items() for value in values
                for spelling in (value, urllib.parse.quote(value, safe=""))}

    def assert_clean(self, tool, shows_token=("token",)):
        """Every run so far. PINs are in their line only, access tokens only where one was asked for."""
        secrets = self.secrets()
        pins = set(self.relay.values("ecobeePin"))
        self.assertGreater(len(secrets), 2)
        for run in tool.runs:
            for kind, value in secrets:
                asked_for = kind == "access_token" and run.arguments and run.arguments[0] in shows_token
                self.assertNotIn(value, run.err, f"{kind} in standard error: {run}")
                if not asked_for:
                    self.assertNotIn(value, run.out, f"{kind} in standard output: {run}")
            for line in (run.out + run.err).splitlines():
                if not line.startswith(("PIN:", '{"type":"pin"')):
                    self.assertFalse([pin for pin in pins if pin in line], f"a PIN in {line!r}")

    def test_a_whole_life(self):
        for profile in ("current", "legacy"):
            for style in ((), ("--json",)):
                with self.subTest(profile=profile, style=style):
                    tool = self.watched("--profile", profile)
                    self.login(tool, self.server, *MOST, *style)
                    for command in (("token",), ("token", "--header"), ("refresh",), ("status",),
                                    ("request", "GET", "/1/thermostat"), ("request", "POST", "/1/thermostat", "--data", "{}"),
                                    ("logout",), ("token",), ("status",)):
                        tool.run(*command, *MOST, *style)
                    self.assertGreater(sum(run.err.count("[") for run in tool.runs), 20, "is this the most verbose level?")
                    for name in ("access_token", "refresh_token", "code", "ecobeePin"):
                        self.assertTrue(self.relay.values(name), name)
                    self.assert_clean(tool)

    def test_everything_that_goes_wrong(self):
        tool = self.watched()
        self.login(tool, self.server, *MOST)
        refresh, ask = ("refresh",), ("request", "GET", "/1/thermostat")
        for command, exit_code, fault in (
                (refresh, 5, {"name": "oauth_error", "error": "invalid_client"}),
                (refresh, 4, {"name": "oauth_error", "error": "account_locked"}),
                (refresh, 5, {"name": "oauth_error", "error": "invalid_grant"}),
                (ask, 1, {"name": "http_status", "status": 404, "at": "api"}),
                (ask, 5, {"name": "http_status", "status": 503, "at": "api"})):
            self.server.control("fault", count=1, **fault)
            self.expect_failure(tool.run(*command, *MOST), exit_code)
        tool.run("login", "--client-id", CLIENT_ID, *MOST)
        self.relay.refuse = True
        self.expect_failure(tool.run("refresh", *MOST), 5)
        name, = tool.files()
        path = os.path.join(tool.store, name)
        with open(path, "r+b") as file:
            good = file.read()
            file.seek(0)
            file.write(good.replace(b"grant.", b"grint."))
        self.expect_failure(tool.run("token", *MOST), 7)
        self.expect_failure(tool.run("status", *MOST), 7)
        os.chmod(path, 0o644)
        self.expect_failure(tool.run("token", *MOST), 7)
        self.assert_clean(tool)

    def test_a_server_that_repeats_what_it_was_sent(self):
        echo = "Injected by the sandbox."  # as long as an authorization code of the current profile
        replaced = []
        tool = self.watched(to_client=replaced)
        process = tool.start("login", *MOST)
        pin = tool.read_pin(process)
        code, = self.relay.values("code")
        self.assertEqual(len(code), len(echo))
        replaced.append((echo.encode(), code.encode()))
        self.server.control("fault", name="oauth_error", error="account_locked", count=1)
        refused = self.expect_failure(tool.end(process, ("login",)), 4, "account_locked")
        self.assertIn(code.encode(), bytes(self.relay.received.split(b"account_locked")[1]))
        self.assertNotIn(code, refused.err)
        self.server.control("approve", pin=pin)
        self.expect(tool.run("login", *MOST), 0)
        self.assert_clean(tool)

    def test_the_process_shows_nothing(self):
        tool = self.watched()
        process = tool.start("login", *MOST)
        tool.read_pin(process)
        self.server.control("fault", name="http_status", status=503, count=1, at="token")
        wait_for(lambda: not self.server.state()["faults"], "a poll")
        secrets = [value.encode() for _, value in self.secrets()] + [pin.encode() for pin in self.relay.values("ecobeePin")]
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            shown = file.read()
        try:
            with open(f"/proc/{process.pid}/environ", "rb") as file:
                environment = file.read()
            self.assertIn(b"ECOAUTH_SERVER=", environment)
            shown += environment
        except PermissionError:
            self.assertNotEqual(os.geteuid(), 0)  # not even its own user may look
        for task in os.listdir(f"/proc/{process.pid}/task"):
            for name in ("comm", "children"):
                with open(f"/proc/{process.pid}/task/{task}/{name}", "rb") as file:
                    content = file.read()
                self.assertFalse(name == "children" and content, "it has started another process")
                shown += content
        self.assertEqual([secret for secret in secrets if secret in shown], [])
        self.server.approve()
        self.expect(tool.end(process), 0)
        # Nothing but the token file is left behind, and the client id is in it alone.
        found = [name for folder, _, names in os.walk(self.folder) for name in names]
        self.assertEqual(found, list(tool.files()))


if __name__ == "__main__":
    main()
