"""Logins that are interrupted, refused, late, or made where a grant is already."""
import os
import signal
import socket

from harness import CLIENT_ID, OTHER_CLIENT_ID, SHORT_LIVED, Case, main, wait_for


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Interrupted(Case):
    def begin(self, *arguments):
        """A login that shows its PIN and waits."""
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        process = tool.start("login", *arguments)
        pin = tool.read_pin(process)
        self.assertEqual(pin, sandbox.waiting_pin())
        return sandbox, tool, process, pin

    def resume(self, sandbox, tool, pin):
        """Another process goes on with the same PIN; the client id is in the record."""
        del tool.environment["ECOAUTH_CLIENT_ID"]
        self.assertIn("Pending PIN:", self.expect(tool.run("status"), 3).out)
        process = tool.start("login")
        sandbox.control("approve", pin=pin)
        resumed = self.expect(tool.end(process, ("login",)), 0, "PIN:    " + pin, "Going on with the PIN from before")
        self.assertEqual(len(sandbox.state()["pins"]), 1)
        self.expect(tool.run("token"), 0)
        return resumed

    def test_sigkill_then_resume(self):
        sandbox, tool, process, pin = self.begin()
        process.kill()
        tool.end(process)
        self.resume(sandbox, tool, pin)

    def test_another_scope_is_another_pin(self):
        sandbox, tool, process, pin = self.begin()
        process.kill()
        tool.end(process)
        other = self.login(tool, sandbox, "--scope", "smartWrite")
        self.assertNotIn(pin, other.err)
        self.assertNotIn("PIN from before", other.err)

    def test_approved_while_nobody_waits(self):
        sandbox, tool, process, pin = self.begin()
        process.kill()
        tool.end(process)
        sandbox.control("approve", pin=pin)
        self.expect(tool.run("login"), 0, "Authorized")

    def signalled(self, number, *arguments):
        sandbox, tool, process, pin = self.begin(*arguments)
        process.send_signal(number)
        stopped = self.expect_failure(tool.end(process, ("login", *arguments)), 130, "interrupted", "same command again", pin)
        self.resume(sandbox, tool, pin)
        return stopped

    def test_ctrl_c(self):
        self.signalled(signal.SIGINT)

    def test_sigterm(self):
        self.signalled(signal.SIGTERM)

    def test_ctrl_c_json(self):
        error = self.signalled(signal.SIGINT, "--json").object("error")
        self.assertEqual((error["code"], error["exit_code"]), ("CANCELLED", 130))

    def test_ctrl_c_before_the_pin(self):
        sandbox = self.sandbox()
        sandbox.control("fault", name="delay", ms=20000, count=1, at="authorize")
        tool = self.tool(sandbox)
        process = tool.start("login")
        wait_for(lambda: not sandbox.state()["faults"], "the request")
        process.send_signal(signal.SIGINT)
        self.expect_failure(tool.end(process), 130, "interrupted", "again")
        self.login(tool, sandbox)

    def test_ctrl_c_during_a_refresh_loses_nothing(self):
        sandbox = self.sandbox("--refresh-policy", "strict", *SHORT_LIVED)
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        sandbox.control("fault", name="delay", ms=2000, count=1, at="token")
        process = tool.start("refresh")
        wait_for(lambda: not sandbox.state()["faults"], "the request")
        process.send_signal(signal.SIGINT)
        self.expect_failure(tool.end(process), 130, "interrupted")
        # The old refresh token is spent; that this works shows that the new one was waited for and saved.
        self.expect(tool.run("refresh"), 0)

    def test_a_second_ctrl_c_does_not_wait(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        sandbox.control("fault", name="delay", ms=20000, count=1, at="token")
        process = tool.start("refresh")
        wait_for(lambda: not sandbox.state()["faults"], "the request")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)  # an echo of the first
        tool.read_until(process, "Ctrl-C ends at once")
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(2), 130)
        tool.end(process)


class Refused(Case):
    def waiting(self, *sandbox_arguments):
        sandbox = self.sandbox(*sandbox_arguments)
        tool = self.tool(sandbox)
        process = tool.start("login", "--json")
        return sandbox, tool, process, sandbox.waiting_pin()

    def again(self, sandbox, tool):
        self.login(tool, sandbox)
        self.expect(tool.run("token"), 0)

    def test_declined(self):
        sandbox, tool, process, pin = self.waiting()
        sandbox.control("decline", pin=pin)
        error = self.expect_failure(tool.end(process), 6, "declined").object("error")
        self.assertEqual((error["code"], error["action"], error["oauth_error"]), ("DECLINED", "REAUTHORIZE", "access_denied"))
        self.again(sandbox, tool)

    def expired(self, *arguments):
        sandbox, tool, process, _ = self.waiting(*arguments)
        sandbox.control("expire", what="pin")
        error = self.expect_failure(tool.end(process), 6, "enter the new PIN").object("error")
        self.assertEqual((error["code"], error["action"]), ("PIN_EXPIRED", "REAUTHORIZE"))
        self.again(sandbox, tool)

    def test_pin_expired(self):
        self.expired("--expired-as", "authorization_expired")

    def test_pin_expired_in_the_words_of_today(self):
        self.expired()  # invalid_grant is believed the second time, after half a minute

    def test_pin_expired_legacy(self):
        self.expired("--profile", "legacy")

    def test_wrong_client_id(self):
        sandbox = self.sandbox("--registered-only", "--client", OTHER_CLIENT_ID)
        tool = self.tool(sandbox)
        refused = self.expect_failure(tool.run("login"), 4, "application key", "invalid_client", "It is asked again.")
        self.assertNotIn("same PIN", refused.err)
        self.assertNotIn(CLIENT_ID, refused.err)
        self.assertNotIn("PIN:", refused.err)
        self.assertIn("has not given a PIN yet", refused.err)  # it is asked three times, lest an outage be believed
        self.assertEqual(tool.run("status", "--json").object("status")["state"], "NONE")

    def test_server_down(self):
        tool = self.tool()
        address = f"http://127.0.0.1:{unused_port()}"
        for command in (("login",), ("login", "--json")):
            run = self.expect_failure(tool.run(*command, "--server", address), 5)
        self.assertEqual(run.object("error")["code"], "NETWORK")

    def test_wrong_address(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        tls_on_plain_port = sandbox.url.replace("http:", "https:")
        self.expect_failure(tool.run("login", "--server", tls_on_plain_port), 5)
        sandbox.control("fault", name="http_status", status=404, count=1)  # another kind of server answers there
        self.expect_failure(tool.run("login"), 5, "404")
        self.assertEqual(tool.run("status", "--json").object("status")["pin_valid_ms"], 0)

    def test_unknown_certificate(self):
        ca_file = os.path.join(self.folder, "ca.pem")
        sandbox = self.sandbox("--tls", "--tls-ca-out", ca_file, ca_file=ca_file)
        tool = self.tool(sandbox)
        self.expect_failure(tool.run("login"), 5)
        tool.environment["ECOAUTH_CA_FILE"] = ca_file
        self.login(tool, sandbox)
        self.expect(tool.run("token"), 0)

    def test_a_key_that_cannot_be_ecobees(self):
        tool = self.tool(self.sandbox(), client_id=CLIENT_ID[1:])
        process = tool.start("login")
        tool.read_until(process, "32 letters and digits")
        process.send_signal(signal.SIGINT)
        self.expect(tool.end(process), 130)

    def test_outage_while_waiting(self):
        sandbox, tool, process, pin = self.waiting()
        sandbox.control("fault", name="http_status", status=503, count=1, at="token")
        wait_for(lambda: not sandbox.state()["faults"], "a poll that failed")
        tool.read_until(process, "At the moment: .* same PIN")
        sandbox.control("approve", pin=pin)
        done = self.expect(tool.end(process), 0)
        self.assertEqual(done.object("authorized")["scope_satisfied"], True)
        trouble = done.object("trouble")["error"]
        self.assertEqual((trouble["code"], trouble["action"], trouble["http_status"]), ("SERVER", "WAIT", 503))

    def test_server_down_later(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        before = tool.run("token").out
        record = tool.files()
        sandbox.stop()
        self.expect_failure(tool.run("refresh"), 5)
        self.expect_failure(tool.run("request", "GET", "/1/thermostat"), 5)
        self.assertEqual(tool.run("token").out, before)
        self.assertEqual(tool.files(), record)
        self.expect(tool.run("status"), 0)


class Beside(Case):
    """What is stored for another server or client id is not touched, byte for byte."""

    def test_login_at_another_server(self):
        real, sandbox = self.sandbox("--refresh-policy", "strict"), self.sandbox()
        tool = self.tool(real)
        self.login(tool, real)
        record = tool.files()
        tool.environment["ECOAUTH_SERVER"] = sandbox.url
        self.expect(tool.run("status"), 3)
        self.login(tool, sandbox)
        for command in (("refresh",), ("token",), ("logout",)):
            self.expect(tool.run(*command), 0)
        self.login(tool, sandbox)
        after = tool.files()
        self.assertEqual(len(after), 2)
        self.assertEqual({name: after[name] for name in record}, record)
        self.expect(tool.run("refresh", "--server", real.url), 0)
        self.assertNotIn(CLIENT_ID, str(sandbox.log()))

    def test_changed_client_id(self):
        sandbox = self.sandbox("--refresh-policy", "strict")
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        record = tool.files()
        first = tool.run("token").out
        tool.environment["ECOAUTH_CLIENT_ID"] = OTHER_CLIENT_ID
        self.expect(tool.run("status"), 3)
        self.expect_failure(tool.run("token"), 3)
        self.login(tool, sandbox)
        self.assertNotEqual(tool.run("token").out, first)
        self.expect(tool.run("refresh"), 0)
        self.assertEqual({name: tool.files()[name] for name in record}, record)
        del tool.environment["ECOAUTH_CLIENT_ID"]
        self.expect_failure(tool.run("token"), 2, "several client ids")
        tool.environment["ECOAUTH_CLIENT_ID"] = OTHER_CLIENT_ID
        self.expect(tool.run("logout"), 0)
        self.assertEqual({name: tool.files()[name] for name in record}, record)
        tool.environment["ECOAUTH_CLIENT_ID"] = CLIENT_ID
        self.assertEqual(tool.run("token").out, first)

    def test_login_over_a_living_grant(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        first = tool.run("token").out
        process = tool.start("login", "--scope", "smartWrite")
        pin = sandbox.waiting_pin()
        self.assertEqual(self.expect(tool.run("token"), 0).out, first)
        sandbox.control("decline", pin=pin)
        self.expect_failure(tool.end(process), 6, "is authorized already")
        self.assertEqual(self.expect(tool.run("token"), 0).out, first)
        self.login(tool, sandbox, "--scope", "smartWrite")
        self.assertIn("smartWrite", self.expect(tool.run("status", "--scope", "smartWrite"), 0).out)


if __name__ == "__main__":
    main()
