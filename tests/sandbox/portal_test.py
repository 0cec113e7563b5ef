"""The portal as a browser without script sees it."""
import hashlib
import re
import urllib.parse

from portal_case import HOME, PASSWORD, Browser, PortalCase
from sandbox_case import FROZEN, INVALID_GRANT, main, new_client_id


class AddApplication(PortalCase):
    def test_authorize(self):
        for typed in (lambda pin: pin, str.lower, lambda pin: pin.replace("-", ""), lambda pin: f" {pin} "):
            pending = self.start_pin("smartRead,smartWrite")
            page = self.consent(pending, typed(pending["ecobeePin"]))
            for word in ("Home Controller", "#", "See your thermostats", "change their settings", pending["ecobeePin"]):
                self.assertIn(word, page.text)
            self.assertRegex(page.text, r"Time left\s*(14 min 5|15 min)")
            self.expect_error(self.exchange(pending["code"]), 401, "authorization_pending")
            self.assertEqual(page.form("decide")["buttons"], [("decision", "authorize"), ("decision", "decline")])
            done = self.browser.submit(page, "decide", ("decision", "authorize"))
            self.expect_page(done, 200, "authorized", "Home Controller")
            self.expect_json(self.exchange(pending["code"]), 200)

    def test_time_left(self):
        pending = self.start_pin()
        self.sandbox.advance(900 - 42)
        self.assertIn("42 s", self.consent(pending).text)

    def test_decline(self):
        pending = self.start_pin()
        done = self.browser.submit(self.consent(pending), "decide", ("decision", "decline"))
        self.expect_page(done, 200, "declined")
        self.expect_error(self.exchange(pending["code"]), 400, "access_denied")

    def test_scopes_in_plain_words(self):
        for scope, words in (("smartRead", "their readings"), ("smartWrite", "change their settings"),
                             ("ems", "energy management"), ("", "no permission"), ("weird", "Unknown permission \"weird\"")):
            self.assertIn(words, self.consent(self.start_pin(scope)).text)

    def test_the_decision_came_too_late(self):
        pending = self.start_pin()
        page = self.consent(pending)
        self.sandbox.advance(900)
        self.expect_page(self.browser.submit(page, "decide", ("decision", "authorize")), 400, "expired")
        self.expect_error(self.exchange(pending["code"]), *INVALID_GRANT)

    def test_no_decision(self):
        self.expect_page(self.browser.submit(self.consent(self.start_pin()), "decide"), 400)
        self.expect_page(self.browser.submit(self.consent(self.start_pin()), "decide", ("decision", "maybe")), 400)


class MyApps(PortalCase):
    def entry(self, browser=None):
        """The address of the page that removes this test's application, if it is listed."""
        client = hashlib.sha256(self.client_id.encode()).hexdigest()
        page = self.expect_page((browser or self.browser).open(), 200, "My Apps")
        return next((attributes["href"] for tag, attributes in page.tags
                     if tag == "a" and attributes["href"].endswith("app=" + client)), None)

    def authorize_here(self, scope="smartWrite"):
        pending = self.start_pin(scope)
        self.browser.submit(self.consent(pending), "decide", ("decision", "authorize"))
        return self.exchange(pending["code"]).json()

    def test_remove(self):
        tokens = self.authorize_here()
        page = self.browser.open()
        for word in ("Home Controller", "#", "change their settings", "Authorized", "Last used"):
            self.assertIn(word, page.text)
        ask = self.expect_page(self.browser.open(self.entry()), 200, "Remove this application?")
        self.expect_api(self.api(tokens["access_token"]), 0)
        done = self.expect_page(self.browser.submit(ask, "remove"), 200, "has lost its access")
        self.expect_api(self.api(tokens["access_token"]), 16)
        self.expect_error(self.refresh(tokens["refresh_token"]), *INVALID_GRANT)
        self.assertIsNone(self.entry())
        self.expect_page(self.browser.submit(ask, "remove"), 404)
        self.assertIn("My Apps", done.text)

    def test_when(self):
        tokens = self.authorize_here()
        times = lambda: re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC|not yet", self.listed_text())
        since, used = times()
        self.assertEqual(used, "not yet")
        self.sandbox.advance(86400)
        self.renew_with(tokens)
        again, used = times()
        self.assertEqual(again, since)
        self.assertGreater(used[:10], since[:10])

    def renew_with(self, tokens):
        self.expect_json(self.refresh(tokens["refresh_token"]), 200)

    def listed_text(self):
        text = self.browser.open().text
        at = text.index("#" + hashlib.sha256(self.client_id.encode()).hexdigest()[:8])
        return re.sub(r"\s+", " ", text[at + 1:]).split("#")[0]

    def test_each_account_sees_its_own(self):
        other = Browser(self.sandbox, account="ben" + self.client_id)
        tokens = self.authorize_here()
        path = self.entry()
        self.assertIsNone(self.entry(other))
        page = self.browser.open(path)
        fields = {**page.form("remove")["fields"], "csrf": other.open("/consumerportal/add").form("validate")["fields"]["csrf"]}
        self.assertEqual(other.send("POST", "/consumerportal/remove", fields).answer.status, 404)
        self.expect_api(self.api(tokens["access_token"]), 0)

    def test_what_no_account_authorized_is_everybodys(self):
        self.login()
        self.assertIsNotNone(self.entry())
        self.assertIsNotNone(self.entry(Browser(self.sandbox, account="cat" + self.client_id)))


class SignIn(PortalCase):
    def test_wrong_password(self):
        browser = Browser(self.sandbox)
        for name, password in (("ann", "wrong"), ("nobody", PASSWORD), ("ann", ""), ("", PASSWORD), ("ANN", PASSWORD)):
            self.expect_page(browser.sign_in(name, password), 400, "no account with this name and password")
        self.expect_page(browser.open(), 200, "Sign in")
        self.expect_page(browser.sign_in("ann"), 200, "My Apps", "Sign out")

    def test_create(self):
        browser = Browser(self.sandbox)
        self.expect_page(browser.sign_in("ann", do="create"), 400, "taken")
        for name, password in (("", "x"), ("x" * 65, "x"), ("\x01", "x"), ("new", ""), ("new", "x" * 257)):
            self.expect_page(browser.sign_in(name, password, do="create"), 400)
        self.expect_page(browser.sign_in(" J\u00f6rg ", do="create"), 200, "My Apps", "J\u00f6rg")
        self.expect_page(Browser(self.sandbox).sign_in("J\u00f6rg"), 200, "J\u00f6rg")

    def test_sign_out(self):
        stolen = self.browser.cookie
        self.expect_page(self.browser.submit(self.browser.open(), "sign-out"), 200, "Sign in")
        self.browser.cookie = stolen
        self.expect_page(self.browser.open(), 200, "Sign in")

    def test_pages_that_need_it(self):
        browser = Browser(self.sandbox)
        for path in ("/", "/consumerportal/add"):
            page = self.expect_page(browser.open(path), 200, "Sign in")
            self.assertTrue(page.has_form("sign-in"))
        self.assertTrue(browser.sign_in("ann", page=page).has_form("validate"))  # goes on where it began
        # A form of somebody who has signed out meanwhile.
        browser.submit(browser.open(), "sign-out")
        token = browser.open().form("sign-in")["fields"]["csrf"]
        for path in ("validate", "decide", "remove"):
            form = {"csrf": token, "pin": "XXXX-XXXX", "decision": "authorize", "app": "x"}
            self.expect_page(browser.send("POST", "/consumerportal/" + path, form), 200, "Sign in")

    def test_it_changes_the_cookie(self):
        browser = Browser(self.sandbox)
        browser.open()
        before = browser.cookie
        browser.sign_in("ann")
        self.assertNotEqual(browser.cookie, before)
        browser.cookie = before
        self.expect_page(browser.open(), 200, "Sign in")

    def test_goes_on_only_here(self):
        for place in ("https://evil.example/", "//evil.example/", "/\\evil.example", "/authorize", "javascript:alert(1)", "",
                      "/consumerportal/\r\nX: y", "/sandbox/state", "/consumerportal/ x"):
            browser = Browser(self.sandbox)
            fields = {**browser.open().form("sign-in")["fields"], "name": "ann", "password": PASSWORD, "do": "sign-in"}
            answer = browser.send_only("POST", "/consumerportal/sign-in", {**fields, "next": place})
            self.assertEqual((answer.status, answer.headers["Location"]), (303, HOME), place)

    def test_cookie(self):
        answer = self.sandbox.request("GET", HOME)
        cookie = answer.headers["Set-Cookie"]
        for attribute in ("HttpOnly", "SameSite=Lax", "Path=/"):
            self.assertIn(attribute, cookie.split("; "))
        self.assertIn(f"_{self.sandbox.port}=", cookie)  # a neighbour on another port has its own
        self.assertIsNone(self.browser.open().answer.headers["Set-Cookie"])


class Consent(PortalCase):
    def test_sign_in_on_the_way(self):
        browser = Browser(self.sandbox)
        page = self.expect_page(browser.open(self.address()), 200, "Home Controller asks for access",
                                targets="'self' https: http:")
        page = self.expect_page(browser.sign_in("ann", page=page), 200, "Authorize this application?", "client.example/back",
                                "has not registered this address", targets="'self' https: http:")
        answer = browser.send_only("POST", "/consumerportal/consent",
                                   {**page.form("consent")["fields"], "decision": "accept"})
        self.assertEqual(answer.status, 302, answer)
        carried = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers["Location"]).query))
        self.assertEqual(carried["state"], "s t")
        self.expect_json(self.sandbox.request("POST", "/token", form={
            "grant_type": "authorization_code", "code": carried["code"], "client_id": self.client_id,
            "redirect_uri": "https://client.example/back"}), 200)
        client = hashlib.sha256(self.client_id.encode()).hexdigest()
        self.assertIn("#" + client[:8], browser.open().text)
        self.assertNotIn("#" + client[:8], Browser(self.sandbox, account="dan" + self.client_id).open().text)

    def test_errors_have_a_page(self):
        self.expect_page(self.browser.open(self.address(redirect_uri="http://evil.example/")), 400, "cannot be used")


class Developer(PortalCase):
    HERE = "/consumerportal/developer"

    def register(self, **typed):
        return self.browser.submit(self.browser.open(self.HERE), "register", **typed)

    def test_register(self):
        for method, words in (("any", "PIN or"), ("pin", "ecobee PIN"), ("code", "Authorization code"), ("utility", "Implicit")):
            name = f"App {method} {self.client_id}"
            page = self.expect_page(self.register(name=name, method=method,
                                                  uris="https://a.example/x;https://b.example/\r\n https://c.example"),
                                    200, name, words, "https://a.example/x", "https://c.example")
            key = re.search("client_id:\\s*([A-Za-z0-9]{32})", page.text)[1]
            self.assertNotIn(key, self.browser.open(self.HERE).text)
            self.assertEqual(self.authorize(client_id=key).status, 200 if method in ("any", "pin") else 400)
            for uri, taken in (("https://b.example/", True), ("https://b.example/x", False)):
                answer = self.browser.send_only("GET", self.address(client_id=key, redirect_uri=uri))
                expected = 400 if not taken else 200 if method in ("any", "code") else 302
                self.assertEqual(answer.status, expected, answer)

    def test_own_key(self):
        self.expect_page(self.register(name="Mine", key=self.client_id), 200, self.client_id)
        pending = self.start_pin()
        self.assertIn("Mine", self.consent(pending).text)
        self.expect_page(self.register(name="Again", key=self.client_id), 400, "registered already")

    def test_refuses(self):
        for typed, word in (({"name": ""}, "1 to 80"), ({"name": "x" * 81}, "1 to 80"), ({"key": "short"}, "32 letters"),
                            ({"method": "magic"}, "method"), ({"uris": "http://a.example/"}, "https"),
                            ({"uris": "https://a.example:8080/"}, "port"), ({"uris": "javascript:alert(1)"}, "absolute"),
                            ({"uris": "\n".join(f"https://a.example/{n}" for n in range(21))}, "Twenty")):
            page = self.expect_page(self.register(**{"name": "Refused", **typed}), 400, word)
            self.assertNotIn("is registered\n", page.text)
            if "uris" in typed:
                self.assertEqual(page.form("register")["fields"]["uris"], typed["uris"])  # what was typed stays

    def test_delete(self):
        self.register(name="Gone", key=self.client_id)
        grant = self.login()
        page = self.browser.open(self.HERE)
        client = hashlib.sha256(self.client_id.encode()).hexdigest()
        form = next(form for form in page.forms if form["fields"].get("app") == client)
        self.expect_page(self.browser.send("POST", form["action"], form["fields"]), 200, "no longer registered")
        self.expect_api(self.api(grant.access), 2)
        self.expect_page(self.browser.send("POST", form["action"], form["fields"]), 404)

    def test_what_the_command_line_registered_stays(self):
        key = new_client_id()
        self.play("--client", key + ":pin", "--client-name", key + "=Fixed", "--registered-only")
        page = self.expect_page(self.browser.open(self.HERE), 200, "Fixed", "from the command line", "registered applications only")
        self.assertFalse(page.has_form("developer/remove"))
        self.expect_error(self.authorize(), 401, "invalid_client")
        own = re.search("client_id:\\s*([A-Za-z0-9]{32})", self.register(name="New").text)[1]
        self.start_pin(client_id=own)


class Control(PortalCase):
    HERE = "/consumerportal/control"

    def setUp(self):
        super().setUp()
        self.addCleanup(lambda: self.sandbox.control("fault", "DELETE"))

    def switch(self, words, how):
        """Presses the button of the fault that is called `words`."""
        page = self.browser.open(self.HERE)
        label = {"on": "Switch on: ", "off": "Switch off: ", "once": "Once: "}[how] + words
        forms = [form for form in page.forms if form["action"].endswith("control/fault")]
        buttons = [attributes for tag, attributes in page.tags if tag == "button" and attributes.get("aria-label") == label]
        self.assertEqual(len(buttons), 1, label)
        for form in forms:
            at = page.answer.text.index(f'name="fault" value="{form["fields"].get("fault")}"') if "fault" in form["fields"] else 0
            if f'aria-label="{label}"' in page.answer.text[at:page.answer.text.index("</form>", at)]:
                return self.expect_page(self.browser.send("POST", form["action"], {**form["fields"], "do": how}), 200, "Control")
        raise AssertionError(label)

    def test_requests(self):
        self.start_pin()
        self.login()
        page = self.expect_page(self.browser.open(self.HERE), 200, "GET /authorize", "ecobeePin", "POST /token", "200")
        self.assertNotIn("/consumerportal", re.sub("POST /token.*", "", page.text))
        for secret in (self.client_id,):
            self.assertNotIn(secret, page.text)

    def test_it_does_not_fill_the_log(self):
        last = self.sandbox.control("log", "GET")["last"]
        for _ in range(5):
            self.browser.open(self.HERE)
        self.assertEqual([each["path"] for each in self.sandbox.log(after=last)], ["/sandbox/log"])

    def test_each_fault(self):
        """Every one that is offered: on until off, and once."""
        page = self.browser.open(self.HERE)
        offered = [attributes["aria-label"].removeprefix("Switch on: ") for tag, attributes in page.tags
                   if tag == "button" and attributes.get("aria-label", "").startswith("Switch on: ")]
        self.assertGreaterEqual(len(offered), 24)
        for words in offered:
            with self.subTest(fault=words):
                self.assertIn("for the next request", self.switch(words, "once").text)
                self.assertEqual(self.sandbox.state()["faults"][0]["count"], 1)
                self.switch(words, "off")
                self.switch(words, "on")
                fault, = self.sandbox.state()["faults"]
                self.assertEqual(fault["count"], -1)
                self.switch(words, "off")
                self.assertEqual(self.sandbox.state()["faults"], [])

    def test_it_works(self):
        self.switch("503 with an HTML page", "on")
        for _ in range(2):
            self.assertEqual(self.authorize().status, 503)
        self.switch("503 with an HTML page", "off")
        self.start_pin()
        self.switch("invalid_grant", "once")
        grant = self.login_despite(1)
        self.assertIn("access_token", grant)

    def login_despite(self, refusals):
        pending = self.start_pin()
        self.sandbox.control("approve", pin=pending["ecobeePin"])
        for _ in range(refusals):
            self.expect_error(self.exchange(pending["code"]), *INVALID_GRANT)
        return self.exchange(pending["code"]).json()

    def test_clear_and_others(self):
        self.sandbox.control("fault", name="delay", ms=1)
        self.switch("503 with an HTML page", "on")
        page = self.expect_page(self.browser.open(self.HERE), 200, "Set by the control API: delay")
        clear = next(form for form in page.forms if ("do", "clear") in form["buttons"])
        page = self.browser.send("POST", clear["action"], {**clear["fields"], "do": "clear"})
        self.assertEqual(self.sandbox.state()["faults"], [])
        self.assertFalse(any(("do", "clear") in form["buttons"] for form in page.forms))

    def test_refuses(self):
        token = self.browser.open(self.HERE).forms[-1]["fields"]["csrf"]
        for form in ({}, {"do": "on"}, {"do": "on", "fault": "99"}, {"do": "on", "fault": "-1"}, {"do": "x", "fault": "1"},
                     {"do": "on", "fault": "x"}):
            self.expect_page(self.browser.send("POST", self.HERE + "/fault", {"csrf": token, **form}), 400)


class Addresses(PortalCase):
    def test_addresses(self):
        for path in ("/", "/consumerportal", "/consumerportal/", HOME):
            self.expect_page(self.browser.open(path), 200, "My Apps")
        # Reloading after a form, or typing its address, begins anew.
        for path in ("validate", "decide", "remove", "consent", "sign-out"):
            self.expect_page(self.browser.open("/consumerportal/" + path), 200, "My Apps")
        for path, word in (("developer/register", "Register an application"), ("control/fault", "Faults")):
            self.expect_page(self.browser.open("/consumerportal/" + path), 200, word)
        self.expect_page(self.browser.open("/consumerportal/nothing"), 404)
        self.expect_page(self.browser.open("/consumerportal/index.html/x"), 404)
        self.expect_page(self.browser.send("POST", HOME), 404)
        head = self.sandbox.request("HEAD", HOME)
        self.assertEqual((head.status, head.body), (200, b""))

    def test_files(self):
        for name, kind, word in (("style.css", "text/css", "prefers-color-scheme: dark"),
                                 ("control.js", "text/javascript", "fetch("), ("icon.svg", "image/svg+xml", "<svg")):
            answer = self.sandbox.request("GET", "/consumerportal/" + name)
            self.assertEqual(answer.status, 200)
            self.assertTrue(answer.headers["Content-Type"].startswith(kind))
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertIn(word, answer.text)


if __name__ == "__main__":
    main()
