"""protocol.md 4 and 8: authorization code with and without PKCE, and the utility accounts' implicit grant, in both generations."""
import base64
import hashlib
import re
import secrets
import urllib.parse

from portal_case import Browser
from profiles import REGISTERED, CurrentProfile, LegacyProfile
from sandbox_case import FROZEN, INVALID_GRANT, main, new_client_id

REDIRECT = "https://client.example/back"
OTHER = "https://client.example/other"
TIGHT = new_client_id()  # an application that registered its addresses
UTILITY = new_client_id()
FLOW = ("--redirect-uri", f"{TIGHT}={REDIRECT}", "--redirect-uri", f"{TIGHT}={OTHER}",
        "--client", f"{UTILITY}:utility", "--redirect-uri", f"{UTILITY}={REDIRECT}")


def pkce():
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Steps:
    def ask(self, **change):
        given = {"response_type": "code", "client_id": TIGHT, "redirect_uri": REDIRECT, "scope": "smartRead",
                 "state": "a b&c=d", **change}
        return {name: value for name, value in given.items() if value is not None}

    def open(self, parameters):
        return self.sandbox.request("GET", "/authorize", query=parameters)

    def location(self, address, in_fragment=False):
        """The parameters that the address carries; it must lead to REDIRECT."""
        at, _, carried = address.partition("#" if in_fragment else "?")
        self.assertEqual(at, REDIRECT)
        pairs = urllib.parse.parse_qsl(carried, keep_blank_values=True, strict_parsing=True)
        self.assertEqual(len(dict(pairs)), len(pairs))
        return dict(pairs)

    def consent(self, parameters, decision="accept"):
        return self.sandbox.control("consent", decision=decision, **parameters)["redirect"]

    def code(self, **change):
        return self.location(self.consent(self.ask(**change)))["code"]

    def redeem(self, code, **change):
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "client_id": TIGHT, **change}
        return self.sandbox.request("POST", "/token", form={name: value for name, value in form.items() if value is not None})


class BrowserFlow(Steps):
    def test_by_control(self):
        answer = self.location(self.consent(self.ask()))
        self.assertEqual(set(answer), {"code", "state"})
        self.assertEqual(answer["state"], "a b&c=d")
        self.assertEqual(len(answer["code"]), self.CODE_LENGTH)
        self.assertLessEqual(set(answer["code"]), self.CODE_ALPHABET)
        self.client_id = TIGHT
        grant = self.expect_tokens(self.redeem(answer["code"]), "smartRead")
        self.expect_api(self.api(grant.access), 0)
        self.renew(grant)

    def test_by_control_with_the_address(self):
        url = f"{self.sandbox.url}/authorize?" + urllib.parse.urlencode(self.ask(state="s"))
        answer = self.sandbox.control("consent", url=url, decision="accept")
        self.assertEqual(answer["result"], "accepted")
        self.assertEqual(self.location(answer["redirect"])["state"], "s")
        answer = self.sandbox.control("consent", url=url, decision="decline")
        self.assertEqual(answer["result"], "declined")
        self.assertEqual(self.location(answer["redirect"])["error"], "access_denied")

    def test_by_control_refuses(self):
        rows = [({"decision": "maybe"}, "accept or decline"), ({"decision": "accept"}, "client_id"),
                ({"decision": "accept", "url": "/authorize"}, "url"), ({"decision": "accept", "extra": "x"}, "extra"),
                ({"decision": "accept", **self.ask(redirect_uri="https://evil.example/")}, "not one that")]
        for form, word in rows:
            answer = self.sandbox.request("POST", "/sandbox/consent", form=form)
            self.assertEqual(answer.status, 400, answer)
            self.assertIn(word, answer.json()["message"])
        answer = self.sandbox.control("consent", decision="accept", **self.ask(response_type="x"))
        self.assertEqual(answer["result"], "refused")
        self.assertEqual(self.location(answer["redirect"])["error"], "unsupported_response_type")

    def test_no_state(self):
        self.assertEqual(set(self.location(self.consent(self.ask(state=None)))), {"code"})

    def test_no_scope(self):
        self.client_id = TIGHT
        self.expect_tokens(self.redeem(self.code(scope=None)), "")

    def test_a_code_works_once_and_its_replay_revokes(self):
        code = self.code()
        self.client_id = TIGHT
        grant = self.expect_tokens(self.redeem(code), "smartRead")
        # Another application's try is no replay.
        self.expect_error(self.redeem(code, client_id=new_client_id()), *INVALID_GRANT)
        self.expect_api(self.api(grant.access), 0)
        self.expect_error(self.redeem(code), *INVALID_GRANT)
        self.assertNotEqual(self.api(grant.access).json()["status"]["code"], 0)
        self.expect_error(self.refresh(grant.refresh), *INVALID_GRANT)

    def test_a_code_lives_ten_minutes(self):
        first, second = self.code(), self.code()
        self.sandbox.advance(598)
        self.expect_json(self.redeem(first), 200)
        self.sandbox.advance(3)
        self.expect_error(self.redeem(second), *INVALID_GRANT)

    def test_what_the_exchange_must_repeat(self):
        for change in ({"redirect_uri": OTHER}, {"redirect_uri": REDIRECT + "/"}, {"redirect_uri": REDIRECT.upper()},
                       {"client_id": new_client_id()}):
            with self.subTest(change=change):
                self.expect_error(self.redeem(self.code(), **change), *INVALID_GRANT)
        self.expect_error(self.redeem("x" * 24), *INVALID_GRANT)
        self.expect_error(self.redeem(self.code(), redirect_uri=None), 400, "invalid_request")
        self.expect_error(self.redeem(self.code(), client_id=REGISTERED["pin"]), 400, "unauthorized_client")

    def test_pkce(self):
        verifier, challenge = pkce()
        asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
        self.expect_json(self.redeem(self.code(**asked), code_verifier=verifier), 200)
        for wrong in (None, "", challenge, verifier + "x", verifier.swapcase(), pkce()[0]):
            with self.subTest(verifier=wrong):
                self.expect_error(self.redeem(self.code(**asked), code_verifier=wrong), *INVALID_GRANT)
        # The challenge was taken off on the way.
        self.expect_error(self.redeem(self.code(), code_verifier=verifier), *INVALID_GRANT)
        for wrong in ({"code_challenge_method": "plain"}, {"code_challenge_method": None}, {"code_challenge": "short"},
                      {"code_challenge": None}, {"code_challenge": "=" * 43}):
            answer = self.open(self.ask(**{**asked, **wrong}))
            self.assertEqual(answer.status, 302, answer)
            self.assertEqual(self.location(answer.headers["Location"])["error"], "invalid_request")

    def test_errors_that_the_application_is_told(self):
        rows = [({"response_type": None}, "invalid_request"), ({"response_type": "id_token"}, "unsupported_response_type"),
                ({"scope": "s" * 1025}, "invalid_scope"), ({"response_type": "token"}, "unauthorized_client")]
        for change, error in rows:
            with self.subTest(change=change):
                answer = self.open(self.ask(**change))
                self.assertEqual((answer.status, answer.body), (302, b""), answer)
                told = self.location(answer.headers["Location"], change.get("response_type") == "token")
                self.assertEqual((told["error"], told["state"]), (error, "a b&c=d"))
                self.assertEqual(set(told), {"error", "error_description", "state"})
        answer = self.open(list(self.ask().items()) + [("scope", "smartWrite")])
        self.assertEqual(self.location(answer.headers["Location"])["error"], "invalid_request")

    def test_errors_that_stay_here(self):
        """Nobody is sent to an address that is not known to be the application's."""
        free = {"client_id": new_client_id()}
        rows = [({"client_id": None}, 400), ({"client_id": "short"}, 401), ({"redirect_uri": None}, 400),
                ({"redirect_uri": ""}, 400), ({**free, "response_type": "x"}, 400), ({**free, "response_type": "token"}, 400),
                ({"client_id": REGISTERED["pin"]}, 400), ({"client_id": REGISTERED["pin"], "response_type": "token"}, 400)]
        rows += [({"redirect_uri": uri}, 400) for uri in (
            REDIRECT + "/", REDIRECT + "/../evil", REDIRECT + "x", REDIRECT + "?x=1", REDIRECT + "#x", REDIRECT + "%2f",
            REDIRECT[:-1], REDIRECT.replace("https", "http"), REDIRECT.replace("client", "CLIENT"),
            "https://client.example.evil.example/back", "https://client.example@evil.example/back", "//client.example/back",
            "https://client.example:443/back", "/back", "https://evil.example/" + REDIRECT, "https://client.example\\back")]
        rows += [({**free, "redirect_uri": uri}, 400) for uri in (
            "javascript:alert(1)", "data:text/html,x", "ftp://client.example/", "https://", "https:///x", "https://a b/",
            "https://client.example/\r\nX: y", "https://user@client.example/", "https://client.example/<x>",
            "https://client.example/" + "x" * 240, "http://127.0.0.1:8080/", "https://client.example:8443/",
            "https://client.example/?x=y", "https://\u00e9.example/", "https://.example/")]
        for change, status in rows:
            with self.subTest(change=change):
                answer = self.open(self.ask(**change))
                self.assertEqual(answer.status, status, answer)
                self.assertIsNone(answer.headers["Location"])
                self.assertIn("cannot be used", answer.text)
        for name in ("client_id", "redirect_uri"):
            self.assertEqual(self.open(list(self.ask().items()) + [(name, self.ask()[name])]).status, 400)

    def test_an_application_without_registered_addresses(self):
        self.client_id = new_client_id()
        code = self.code(client_id=self.client_id)
        self.expect_tokens(self.redeem(code, client_id=self.client_id), "smartRead")

    def test_implicit(self):
        asked = self.ask(client_id=UTILITY, response_type="token", scope=None)
        answer = self.location(self.consent(asked), in_fragment=True)
        self.assertEqual(set(answer), {"access_token", "token_type", "expires_in", "state"})
        self.assertEqual((answer["token_type"], int(answer["expires_in"])), ("Bearer", self.EXPIRES_IN))
        self.expect_api(self.api(answer["access_token"]), 0)
        declined = self.location(self.consent(asked, "decline"), in_fragment=True)
        self.assertEqual((declined["error"], declined["state"]), ("access_denied", "a b&c=d"))
        # These accounts know no other way.
        self.assertEqual(self.location(self.open(self.ask(client_id=UTILITY)).headers["Location"])["error"],
                         "unauthorized_client")

    def test_the_page(self):
        """As a browser without script goes through it."""
        self.client_id = TIGHT
        for decision, member in (("accept", "code"), ("decline", "error")):
            browser = Browser(self.sandbox, account=f"{decision} {new_client_id()}")
            page = browser.open("/authorize?" + urllib.parse.urlencode(self.ask(scope="smartRead,smartWrite")))
            for word in ("change their settings", "client.example"):
                self.assertIn(word, page.text)
            form = page.form("consent")
            self.assertEqual(form["buttons"], [("decision", "accept"), ("decision", "decline")])
            answer = browser.send_only("POST", form["action"], {**form["fields"], "decision": decision})
            self.assertEqual(answer.status, 302, answer)
            told = self.location(answer.headers["Location"])
            self.assertEqual((set(told) & {"code", "error"}, told["state"]), ({member}, "a b&c=d"))
            if decision == "accept":
                self.expect_tokens(self.redeem(told["code"]), "smartRead,smartWrite")

    def test_the_page_is_ours_alone(self):
        """Neither another visitor's form nor one that was changed on the way leads anywhere else."""
        browser, stranger = (Browser(self.sandbox, account=f"{who} {new_client_id()}") for who in ("ann", "eve"))
        fields = dict(browser.open("/authorize?" + urllib.parse.urlencode(self.ask())).form("consent")["fields"])
        rows = [({"csrf": ""}, 403), ({"csrf": stranger.open().forms[0]["fields"]["csrf"]}, 403),
                ({"redirect_uri": "https://evil.example/"}, 400), ({"client_id": "x"}, 401), ({"decision": "maybe"}, 400)]
        for change, status in rows:
            answer = browser.send_only("POST", "/consumerportal/consent", {**fields, "decision": "accept", **change})
            self.assertEqual(answer.status, status, answer)
            self.assertIsNone(answer.headers["Location"])
        for headers in ({"Origin": "https://client.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = browser.send_only("POST", "/consumerportal/consent", {**fields, "decision": "accept"}, **headers)
            self.assertEqual(answer.status, 403)


class Current(BrowserFlow, CurrentProfile):
    ARGUMENTS = (*CurrentProfile.ARGUMENTS, *FLOW)


class Legacy(BrowserFlow, LegacyProfile):
    ARGUMENTS = (*LegacyProfile.ARGUMENTS, *FLOW)

    def test_plain_http(self):
        """Was taken until December 2020."""
        answer = self.consent(self.ask(client_id=new_client_id(), redirect_uri="http://client.example/back"))
        self.assertTrue(answer.startswith("http://client.example/back?code="))


class Switches(Steps, CurrentProfile):

    ARGUMENTS = (*FROZEN, "--code-seconds", "60", "--any-redirect", "--redirect-prefix", "--redirect-uri",
                 f"{TIGHT}=https://client.example/b", "--redirect-uri", f"{TIGHT}=https://other.example/b/")

    def accepted(self, uri, client_id=None):
        answer = self.sandbox.request("POST", "/sandbox/consent", form={
            "decision": "accept", **self.ask(redirect_uri=uri, client_id=client_id or TIGHT)})
        return answer.json()["redirect"] if answer.status == 200 else None

    def test_code_seconds(self):
        code = re.search("code=([^&]*)", self.accepted("https://client.example/b"))[1]
        self.sandbox.advance(61)
        self.expect_error(self.redeem(urllib.parse.unquote(code), redirect_uri="https://client.example/b"), *INVALID_GRANT)

    def test_prefix(self):
        for uri, taken in (("https://client.example/b/x", True), ("https://client.example/b?x=1", True),
                           ("https://other.example/b/x", True), ("https://client.example/bx", False),
                           ("https://client.example", False), ("https://other.example/b", False)):
            self.assertEqual(self.accepted(uri) is not None, taken, uri)

    def test_any_redirect(self):
        for uri, taken in (("http://127.0.0.1:8080/back", True), ("http://localhost/back?x=1", True),
                           ("https://client.example:8443/", True), ("http://client.example/", False),
                           ("https://client.example:0/", False), ("https://client.example:x/", False)):
            self.assertEqual(self.accepted(uri, self.client_id) is not None, taken, uri)
        self.assertIn("?x=1&code=", self.accepted("http://localhost/back?x=1", self.client_id))


if __name__ == "__main__":
    main()
