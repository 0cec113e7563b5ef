"""--state: what the sandbox has answered survives kill -9; a file it cannot read is never touched."""
import base64
import hashlib
import json
import os
import shutil
import stat
import subprocess
import threading
import urllib.parse

from portal_case import PASSWORD, Browser
from sandbox_case import FROZEN, INVALID_GRANT, PATIENCE_S, PROGRAM, Case, main, new_client_id, wait_for


def to_base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class StateFile(Case):
    ARGUMENTS = None

    def play(self, *arguments):
        self.sandbox = self.new_sandbox(*FROZEN, "--state", "state.json", *arguments)
        self.path = os.path.join(self.sandbox.folder, "state.json")

    def crash(self):
        self.sandbox.kill()
        self.sandbox.start()

    def test_everything_survives(self):
        self.play("--refresh-policy", "strict")
        waiting, approved, declined = self.start_pin("smartWrite"), self.start_pin(), self.start_pin()
        self.sandbox.control("approve", pin=approved["ecobeePin"])
        self.sandbox.control("decline", pin=declined["ecobeePin"])
        grant, used = self.login(), self.start_pin()
        first = grant.refresh
        self.renew(grant)
        removed, banned = self.login(client_id=new_client_id()), self.login(client_id=new_client_id())
        self.sandbox.control("revoke", client_id=removed.client_id)
        self.sandbox.control("revoke", client_id=banned.client_id, by="ecobee")
        self.crash()

        self.expect_api(self.api(grant.access), 0)
        self.expect_error(self.refresh(first), *INVALID_GRANT)
        self.renew(grant)
        self.expect_error(self.exchange(waiting["code"]), 401, "authorization_pending")
        self.sandbox.control("approve", pin=waiting["ecobeePin"])
        self.assertEqual(self.exchange(waiting["code"]).json()["scope"], "openid,smartWrite,offline_access")
        self.expect_json(self.exchange(approved["code"]), 200)
        self.expect_error(self.exchange(declined["code"]), 400, "access_denied")
        self.expect_api(self.api(removed.access), 16)
        self.expect_api(self.api(banned.access), 2)
        self.expect_error(self.refresh(banned.refresh, banned.client_id), 401, "invalid_client")
        self.assertEqual([pin["state"] for pin in self.sandbox.state()["pins"] if pin["pin"] == used["ecobeePin"]],
                         ["waiting"])

    def test_each_answer_is_saved_before_it_leaves(self):
        self.play("--profile", "legacy")
        grant = self.login()
        for _ in range(8):
            self.renew(grant)
            self.crash()
            self.expect_api(self.api(grant.access), 0)

    def test_killed_in_the_middle_of_the_work(self):
        """Killed while four clients refresh single-use tokens: the last answer each got is good, unless a request of its
        own was under way."""
        for _ in range(3):
            self.play("--profile", "legacy")
            grants = [self.login(client_id=new_client_id()) for _ in range(4)]
            under_way, rounds = set(), []

            def work(grant):
                try:
                    while True:
                        under_way.add(grant)
                        grant.take(self.refresh(grant.refresh, grant.client_id))
                        under_way.discard(grant)
                        rounds.append(grant)
                except OSError:
                    pass

            threads = [threading.Thread(target=work, args=(grant,)) for grant in grants]
            for thread in threads:
                thread.start()
            wait_for(lambda: len(rounds) > 40, "refreshes")
            self.sandbox.kill()
            for thread in threads:
                thread.join(PATIENCE_S)
            self.sandbox.start()
            for grant in grants:
                answer = self.refresh(grant.refresh, grant.client_id)
                if grant not in under_way:
                    self.expect_json(answer, 200)
                elif answer.status != 200:
                    self.expect_error(answer, *INVALID_GRANT)
            self.sandbox.stop()

    def test_clock_goes_on(self):
        self.play()
        grant, ahead = self.login(), self.sandbox.advance(3000)["now_ms"]
        pending = self.start_pin()
        self.crash()
        now = self.sandbox.state()["now_ms"]
        self.assertLess(abs(now - ahead), 30000)
        self.expect_api(self.api(grant.access), 0)
        self.sandbox.advance(899)
        self.expect_api(self.api(grant.access), 14)
        self.expect_error(self.exchange(pending["code"]), 401, "authorization_pending")

    def test_a_clock_that_was_set_back_stays_behind(self):
        self.play()
        behind = self.sandbox.control("clock", step_s=-7200)["now_ms"]
        self.crash()
        self.assertLess(abs(self.sandbox.state()["now_ms"] - behind), 30000)

    def test_the_portal_survives(self):
        """Accounts, sessions, a form that was open, registered applications, who authorized what, and the signing key."""
        self.play("--account", "ann:" + PASSWORD)
        browser = Browser(self.sandbox)
        browser.sign_in("ann")
        made = Browser(self.sandbox, account="ben")
        developer = browser.submit(browser.open("/consumerportal/developer"), "register", name="Heat Pump", key=self.client_id,
                                   method="pin", uris="https://a.example/")
        self.assertIn("Heat Pump", developer.text)
        pending = self.start_pin()
        consent = browser.add(pending["ecobeePin"])
        keys = self.sandbox.request("GET", "/.well-known/jwks.json").json()
        self.crash_again(browser, made)
        self.assertIn("authorized", browser.submit(consent, "decide", ("decision", "authorize")).text)
        self.crash_again(browser, made)
        grant = self.exchange(pending["code"]).json()
        self.assertEqual(self.sandbox.request("GET", "/.well-known/jwks.json").json(), keys)
        self.crash_again(browser, made)
        self.assertIn("Heat Pump", browser.open().text)
        self.assertIn("No application has access", made.open().text)
        self.assertIn("https://a.example/", browser.open("/consumerportal/developer").text)
        self.expect_api(self.api(grant["access_token"]), 0)
        again = Browser(self.sandbox)
        again.sign_in("ben")
        self.assertIn("My Apps", again.open().text)
        for secret in (PASSWORD, self.client_id, browser.cookie.split("=")[1]):
            with open(self.path, encoding="utf-8") as file:
                self.assertNotIn(secret, file.read())

    def crash_again(self, *browsers):
        """With the browsers' cookies: a sandbox on another port has a cookie of its own name."""
        before = self.sandbox.port
        self.crash()
        for each in browsers:
            each.cookie = each.cookie.replace(f"_{before}=", f"_{self.sandbox.port}=")
            each.host = f"{self.sandbox.host}:{self.sandbox.port}"

    def test_codes_of_browsers_survive(self):
        """Unused and used ones, with their challenge: a replay after a crash still revokes."""
        self.play()
        asked = {"response_type": "code", "client_id": self.client_id, "redirect_uri": "https://client.example/back"}
        verifier = "v" * 43
        challenge = to_base64url(hashlib.sha256(verifier.encode()).digest())

        def code(**more):
            place = self.sandbox.control("consent", decision="accept", **asked, **more)["redirect"]
            return urllib.parse.parse_qs(urllib.parse.urlsplit(place).query)["code"][0]

        def redeem(code, **more):
            return self.sandbox.request("POST", "/token", form={"grant_type": "authorization_code", "code": code,
                                                                **{name: asked[name] for name in ("client_id", "redirect_uri")},
                                                                **more})

        used, proven = code(), code(code_challenge=challenge, code_challenge_method="S256")
        access = redeem(used).json()["access_token"]
        self.crash()
        self.expect_error(redeem(proven), *INVALID_GRANT)
        self.expect_json(redeem(proven, code_verifier=verifier), 200)
        self.expect_api(self.api(access), 0)
        self.expect_error(redeem(used), *INVALID_GRANT)
        self.assertNotEqual(self.api(access).json()["status"]["code"], 0)

    def test_idempotent_answers(self):
        self.play("--refresh-policy", "idempotent")
        grant = self.login()
        first = grant.refresh
        self.renew(grant)
        self.crash()
        again = self.refresh(first).json()
        self.assertEqual((again["access_token"], again["refresh_token"]), (grant.access, grant.refresh))

    def test_the_file(self):
        self.play()
        grant = self.login()
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        json.loads(text)
        for secret in (self.client_id, grant.access, grant.refresh):
            self.assertNotIn(secret, text)
        self.assertEqual([name for name in os.listdir(self.sandbox.folder) if name.startswith("state.json.")], [])

    def test_unreadable_files(self):
        """Exit code 1, a message, and not a byte changed."""
        self.play()
        self.login()
        self.sandbox.end()
        with open(self.path, "rb") as file:
            good = file.read()
        for what, content in (("empty", b""), ("junk", b"\0\xff junk"), ("cut", good[:len(good) // 2]), ("list", b"[]"),
                              ("newer", good.replace(b'"format": 2', b'"format": 3')),
                              ("types", good.replace(b'"pins": [', b'"pins": 7, "x": ['))):
            with self.subTest(what):
                self.assertNotEqual(content, good)
                with open(self.path, "wb") as file:
                    file.write(content)
                run = subprocess.run([PROGRAM, "--state", self.path], capture_output=True, text=True, timeout=PATIENCE_S)
                self.assertEqual((run.returncode, run.stdout), (1, ""))
                self.assertIn(self.path, run.stderr)
                with open(self.path, "rb") as file:
                    self.assertEqual(file.read(), content)

    def test_no_place_for_it(self):
        for path in ("/nonexistent/state.json", "/proc/state.json", self.folder_path()):
            with self.subTest(path):
                run = subprocess.run([PROGRAM, "--state", path], capture_output=True, text=True, timeout=PATIENCE_S)
                self.assertEqual((run.returncode, run.stdout), (1, ""))
                self.assertIn(path, run.stderr)

    def folder_path(self):
        self.play()
        return self.sandbox.folder

    def test_disk_trouble_while_running(self):
        """It says so, answers from memory, and saves again when it can."""
        self.play("--profile", "legacy")
        folder = os.path.join(self.sandbox.folder, "gone")
        os.mkdir(folder)
        self.sandbox.end()
        self.sandbox = self.new_sandbox(*FROZEN, "--profile", "legacy", "--state", os.path.join(folder, "state.json"))
        grant = self.login()
        shutil.rmtree(folder)
        self.renew(grant)
        self.assertIn("cannot write", self.sandbox.errors())
        os.mkdir(folder)
        self.renew(grant)
        self.crash()
        self.renew(grant)


if __name__ == "__main__":
    main()
