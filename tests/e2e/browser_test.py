"""Logins through a browser: the address, and the ways the answer comes back."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import urllib.parse

from harness import CLIENT_ID, OTHER_CLIENT_ID, Case, main
from terminal import Terminal

REDIRECT = "https://client.example/back"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Flow(Case):
    def setUp(self):
        super().setUp()
        self.server = self.sandbox("--any-redirect", "--client", f"{CLIENT_ID}:code", "--client", f"{OTHER_CLIENT_ID}:utility")
        self.client = self.tool(self.server)

    def consent(self, address, decision="accept"):
        """What a user decides on the page at this address; where the browser is sent then."""
        self.assertTrue(address.startswith(self.server.url + "/authorize?"), address)
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
        return self.server.control("consent", decision=decision, **asked)["redirect"]

    def begin(self, *arguments, redirect=REDIRECT, flow="code", **options):
        """The running login and the address that it shows."""
        process = self.client.start("login", "--flow", flow, "--redirect-uri", redirect, *arguments, **options)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process, self.client.read_until(process, r"(?m)^(http\S+/authorize\S+)$")[1]

    def file(self, name="answer.txt"):
        return os.path.join(self.folder, name)


class CodeByFile(Flow):
    def finish(self, process, redirected, exit_code=0, *words):
        with open(self.file(), "w") as file:
            file.write(redirected + "\n")
        return self.expect(self.client.end(process), exit_code, *words)

    def test_file_that_comes_later(self):
        process, address = self.begin("--redirected-file", self.file())
        redirected = self.consent(address)
        done = self.finish(process, redirected, 0, "Authorized for smartRead.")
        self.expect(self.client.run("refresh"), 0)
        self.assertEqual(self.client.run("status", "--json").object("status")["state"], "ACTIVE")
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(redirected).query)["code"][0]
        self.assertNotIn(code, done.out + done.err)

    def test_pkce(self):
        process, address = self.begin("--redirected-file", self.file(), "--pkce")
        self.assertIn("code_challenge_method=S256", address)
        self.finish(process, self.consent(address), 0)
        self.expect(self.client.run("token"), 0)

    def test_a_server_that_wants_pkce(self):
        self.server = self.sandbox("--require-pkce", "--redirect-uri", f"{CLIENT_ID}={REDIRECT}")
        self.client = self.tool(self.server)
        process, address = self.begin("--redirected-file", self.file())
        self.expect_failure(self.finish(process, self.consent(address), 2), 2, "code_challenge", "run the same command with --pkce")
        os.remove(self.file())
        process, address = self.begin("--redirected-file", self.file(), "--pkce")
        self.finish(process, self.consent(address), 0, "Authorized")

    def test_json(self):
        process = self.client.start("login", "--json", "--flow", "code", "--redirect-uri", REDIRECT, "--redirected-file", self.file())
        opened = json.loads(process.stdout.readline())
        self.assertEqual((opened["type"], opened["account"]), ("open", "default"))
        line = self.finish(process, self.consent(opened["url"])).object("authorized")
        self.assertTrue(line["scope_satisfied"])

    def test_declined(self):
        process, address = self.begin("--redirected-file", self.file())
        self.expect_failure(self.finish(process, self.consent(address, "decline"), 6), 6, "access_denied")
        self.assertEqual(self.client.run("status", "--json").object("status")["state"], "NONE")

    def test_wrong_address(self):
        process, address = self.begin("--redirected-file", self.file())
        self.expect_failure(self.finish(process, "https://elsewhere.example/?code=x&state=y", 2), 2)
        again, same = self.begin("--redirected-file", self.file("second.txt"))
        self.assertEqual(same, address)
        with open(self.file("second.txt"), "w") as file:
            file.write(self.consent(address))  # without a line's end
        self.expect(self.client.end(again), 0)

    def test_standard_input(self):
        process, address = self.begin("--redirected-file", "-", stdin=subprocess.PIPE)
        self.expect_failure(self.client.end(process, data=b"\n"), 2, "no address")
        process, address = self.begin("--redirected-file", "-", stdin=subprocess.PIPE)
        self.expect(self.client.end(process, data=self.consent(address).encode()), 0)

    def test_interrupted_and_resumed(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process, address = self.begin("--redirected-file", self.file("never.txt"))
            process.send_signal(number)
            self.expect_failure(self.client.end(process), 130, "Nothing is lost", "same command")
        redirected = self.consent(address)  # approved while nobody waited
        with open(self.file(), "w") as file:
            file.write(redirected + "\n")
        process, again = self.begin("--redirected-file", self.file())
        self.assertEqual(again, address)
        self.expect(self.client.end(process), 0)

    def test_refused_redirect_uris(self):
        for uri in ("ftp://client.example/", "https://client.example/" + "x" * 300, "nonsense"):
            with self.subTest(uri=uri[:30]):
                self.expect_failure(self.client.run("login", "--flow", "code", "--redirect-uri", uri), 2)

    def test_no_terminal_and_no_file(self):
        self.expect_failure(self.client.run("login", "--flow", "code", "--redirect-uri", REDIRECT), 2, "--redirected-file")


class CodeByPaste(Flow):
    def test_paste(self):
        terminal = Terminal(self.client, "login", "--flow", "code", "--redirect-uri", REDIRECT, columns=120)
        terminal.until("Paste that whole address")
        self.assertFalse(terminal.echoes())
        address = re.search(r"http\S+/authorize\S+", terminal.text)[0]
        terminal.type("https://client.example/back?state=wrong&code=x\n")
        terminal.until("(?s)What to do.*Paste that whole address")
        redirected = self.consent(address)
        terminal.type("  " + redirected + " \n")
        self.assertEqual(terminal.end(), 0, terminal.text)
        self.assertNotIn(redirected, terminal.text)
        self.expect(self.client.run("token"), 0)

    def test_ctrl_c(self):
        terminal = Terminal(self.client, "login", "--flow", "code", "--redirect-uri", REDIRECT)
        terminal.until("Paste that whole address")
        terminal.type("half an addre\x03")
        self.assertEqual(terminal.end(), 130)
        self.assertTrue(terminal.echoed_at_the_end)


class CodeByListener(Flow):
    def setUp(self):
        super().setUp()
        self.redirect = f"http://127.0.0.1:{free_port()}/back"

    def browse(self, address, method="GET", body=None, host=None):
        parts = urllib.parse.urlsplit(address)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        try:
            target = parts.path + ("?" + parts.query if parts.query else "")
            connection.request(method, target, body, {"Host": host} if host else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def test_browser_comes_back(self):
        process, address = self.begin(redirect=self.redirect)
        status, page = self.browse(self.consent(address))
        self.assertEqual(status, 200)
        self.assertIn("close this page", page)
        self.expect(self.client.end(process), 0, "Authorized")
        self.expect(self.client.run("refresh"), 0)

    def test_others_at_the_door(self):
        process, address = self.begin(redirect=self.redirect)
        redirected = self.consent(address)
        self.assertEqual(self.browse(self.redirect.replace("/back", "/favicon.ico"))[0], 404)
        self.assertEqual(self.browse(redirected, host="rebound.example")[0], 404)
        port = urllib.parse.urlsplit(self.redirect).port
        with socket.create_connection(("127.0.0.1", port)) as rude:
            rude.sendall(b"\x16\x03\x01\x00\xff nonsense\r\n\r\n")
        socket.create_connection(("127.0.0.1", port)).close()
        self.assertEqual(self.browse(redirected)[0], 200)
        self.expect(self.client.end(process), 0)

    def test_interrupted_and_port_taken(self):
        process, _ = self.begin(redirect=self.redirect)
        self.expect_failure(self.client.run("login", "--flow", "code", "--redirect-uri", self.redirect), 2, "cannot listen")
        process.send_signal(signal.SIGINT)
        self.expect_failure(self.client.end(process), 130, "Nothing is lost")
        process, address = self.begin(redirect=self.redirect)
        self.browse(self.consent(address))
        self.expect(self.client.end(process), 0)

    def test_listens_on_this_machine_only(self):
        process, _ = self.begin(redirect=self.redirect)
        port = f"{urllib.parse.urlsplit(self.redirect).port:04X}"
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            with open(table) as file:
                for line in file.read().splitlines()[1:]:
                    place, state = line.split()[1], line.split()[3]
                    if state == "0A" and place.endswith(":" + port):
                        self.assertEqual(place, "0100007F:" + port)
        process.kill()
        process.wait()


class Utility(Flow):
    def setUp(self):
        super().setUp()
        self.client = self.tool(self.server, client_id=OTHER_CLIENT_ID)

    def test_fragment_by_file(self):
        process, address = self.begin("--redirected-file", self.file(), flow="utility")
        redirected = self.consent(address)
        self.assertIn("#", redirected)
        with open(self.file(), "w") as file:
            file.write(redirected + "\n")
        done = self.expect(self.client.end(process), 0, "cannot be refreshed: log in again")
        token = urllib.parse.parse_qs(redirected.split("#", 1)[1])["access_token"][0]
        self.assertNotIn(token, done.out + done.err)
        self.assertEqual(self.client.run("token").out.strip(), token)

    def test_fragment_by_the_listeners_page(self):
        redirect = f"http://127.0.0.1:{free_port()}/back"
        process, address = self.begin(redirect=redirect, flow="utility")
        fragment = self.consent(address).split("#", 1)[1]
        port = urllib.parse.urlsplit(redirect).port
        for method, body, words in (("GET", None, "location.hash"), ("POST", fragment, "")):  # what a browser does
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request(method, "/back", body)
            self.assertIn(words, connection.getresponse().read().decode())
            connection.close()
        self.expect(self.client.end(process), 0)
        self.expect(self.client.run("token"), 0)


if __name__ == "__main__":
    main()
