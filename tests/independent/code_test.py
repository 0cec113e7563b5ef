"""The authorization-code flow at an OAuth 2.0 server that other people wrote: oidc-provider. Through the tool, and so through the C
interface: log in, refresh (this server gives a new refresh token each time, and takes the old one's return for a theft), use, decline.

What it shows about the library: a server of RFC 6749 and RFC 7636 needs nothing beyond ecobee's paths, with one exception. ecobee
writes several scopes with commas and the RFC with blanks, so a login for more than one scope is a request for one unknown scope
here; this server says access_denied then.

usage: code_test.py ECOAUTH SANDBOX [part of a test's name ...], with INDEPENDENT_MODULES in the environment: where what
package-lock.json pins is installed.
"""
import json
import os
import pathlib
import platform
import select
import shutil
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / name) for name in ("e2e", "support")]
from browser import Browser  # noqa: E402
from browser_test import free_port  # noqa: E402
from harness import PATIENCE_S, Case, main  # noqa: E402
from npm_packages import install  # noqa: E402

CLIENT_ID = "IndependentPlainIndependentPlain"
CHALLENGED_ID = "IndependentPkceIndependentPkce00"  # of this one the server demands a challenge
MODULES = pathlib.Path(os.environ["INDEPENDENT_MODULES"]).resolve()
NODE = MODULES / "node_modules" / f"node-linux-{ {'x86_64': 'x64', 'aarch64': 'arm64'}.get(platform.machine()) }" / "bin/node"


class Server:
    """oidc-provider as a process, until stop()."""

    def __init__(self):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([NODE, HERE / "server.mjs", CLIENT_ID, CHALLENGED_ID], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True,
                                        env={**os.environ, "INDEPENDENT_MODULES": str(MODULES)})
        readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        line = self.process.stdout.readline() if readable else ""
        if not line.startswith("ready: "):
            self.stop()
            self.errors.seek(0)
            raise AssertionError(f"the server does not serve: {line}{self.errors.read()}")
        self.url = line.removeprefix("ready: ").strip()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()

    def forget(self, access_token):
        """From now on it refuses this token, as if it had ended."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(f"{self.url}/forget/{access_token}", b"", PATIENCE_S).close()


class Code(Case):
    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.stop)
        self.client = self.tool(self.server, client_id=CLIENT_ID)
        self.browser = Browser()

    def begin(self, *arguments):
        """The running login and its address."""
        process = self.client.start("login", "--flow", "code", "--redirect-uri", f"http://127.0.0.1:{free_port()}/back", *arguments)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process, self.client.read_until(process, r"(?m)^(http\S+/authorize\S+)$")[1]

    def log_in(self, *arguments):
        process, address = self.begin(*arguments)
        self.assertIn("close this page", self.browser.accept(address).text)
        return self.expect(self.client.end(process), 0, "Authorized")

    def status(self):
        return self.client.run("status", "--json").object("status")

    def token(self):
        return self.expect(self.client.run("token"), 0).out.strip()

    def test_log_in_and_refresh(self):
        for arguments in ((), ("--pkce",)):
            with self.subTest(arguments):
                self.log_in(*arguments)
                tokens = [self.token()]
                for _ in range(2):  # each with the refresh token that the one before brought
                    self.expect(self.client.run("refresh"), 0)
                    tokens.append(self.token())
                self.assertEqual(len(set(tokens)), 3, "a refresh brought no new token")
                status = self.status()
                self.assertEqual((status["state"], status["scope_granted"]), ("ACTIVE", "smartRead"))

    def test_server_that_demands_a_challenge(self):
        self.client = self.tool(self.server, client_id=CHALLENGED_ID)
        process, address = self.begin()
        self.browser.open(address)
        self.expect_failure(self.client.end(process), 2, "invalid_request", "requires PKCE", "--pkce")
        self.log_in("--pkce")
        self.expect(self.client.run("refresh"), 0)

    def test_declined(self):
        process, address = self.begin()
        self.browser.decline(address)
        self.expect_failure(self.client.end(process), 6, "access_denied")
        self.assertEqual(self.status()["state"], "NONE")

    def test_declined_with_a_grant(self):
        self.log_in()
        token = self.token()
        process, address = self.begin()
        self.browser.decline(address)
        self.expect_failure(self.client.end(process), 6, "access_denied")
        self.assertEqual((self.status()["state"], self.token()), ("ACTIVE", token))
        self.expect(self.client.run("refresh"), 0)

    def test_access_token_that_the_server_refuses(self):
        self.log_in("--scope", "openid")
        token = self.token()
        self.server.forget(token)
        answer = self.expect(self.client.run("request", "GET", "/userinfo"), 0).out
        self.assertEqual(json.loads(answer), {"sub": "ann"})
        self.assertNotEqual(self.token(), token)

    def test_old_refresh_token(self):
        """A store brought back from a backup: the server sees a used refresh token again, and ends the whole grant."""
        self.log_in()
        backup = os.path.join(self.folder, "backup")
        shutil.copytree(self.client.store, backup)
        self.expect(self.client.run("refresh"), 0)
        shutil.rmtree(self.client.store)
        shutil.copytree(backup, self.client.store)
        self.expect_failure(self.client.run("refresh"), 5, "invalid_grant", "nothing was deleted")  # believed when said again
        self.log_in()
        self.expect(self.client.run("refresh"), 0)


if __name__ == "__main__":
    if not shutil.which("npm"):
        print("skipped: there is no npm; ./dev test installs what this test needs")
        sys.exit(77)
    install(HERE, MODULES)
    main(side_by_side=2)
