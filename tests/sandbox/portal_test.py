"""The portal as a browser without script sees it."""
import hashlib

from portal_case import HOME, PortalCase
from sandbox_case import INVALID_GRANT, main


class Portal(PortalCase):
    def test_authorize(self):
        for typed in (lambda pin: pin, str.lower, lambda pin: pin.replace("-", ""), lambda pin: f" {pin} "):
            pending = self.start_pin("smartRead,smartWrite")
            page = self.consent(pending, typed(pending["ecobeePin"]))
            for word in ("Home Controller", "#", "See your thermostats", "change their settings", pending["ecobeePin"]):
                self.assertIn(word, page.text)
            self.assertRegex(page.text, "Time left *(14 min 5|15 min)")
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

    def test_remove(self):
        grant = self.login("smartWrite")
        client = hashlib.sha256(self.client_id.encode()).hexdigest()
        page = self.expect_page(self.browser.open(), 200, "Home Controller", "#" + client[:8], "change their settings")
        mine = next(form for form in page.forms if form["fields"].get("app") == client)
        self.expect_page(self.browser.send("POST", mine["action"], mine["fields"]), 200, "removed")
        self.expect_api(self.api(grant.access), 16)
        self.expect_error(self.refresh(grant.refresh), *INVALID_GRANT)
        self.assertNotIn("#" + client[:8], self.browser.open().text)
        self.expect_page(self.browser.send("POST", mine["action"], mine["fields"]), 404)

    def test_addresses(self):
        for path in ("/", "/consumerportal", "/consumerportal/", HOME):
            self.expect_page(self.browser.open(path), 200, "My Apps")
        # Reloading after a form, or typing its address, begins anew.
        for path in ("validate", "decide", "remove"):
            self.expect_page(self.browser.open("/consumerportal/" + path), 200, "My Apps")
        self.expect_page(self.browser.open("/consumerportal/nothing"), 404)
        head = self.sandbox.request("HEAD", HOME)
        self.assertEqual((head.status, head.body), (200, b""))

    def test_cookie(self):
        cookie = self.sandbox.request("GET", HOME).headers["Set-Cookie"]
        for attribute in ("HttpOnly", "SameSite=Lax", "Path=/"):
            self.assertIn(attribute, cookie.split("; "))
        self.browser.open()
        self.assertIsNone(self.browser.open().answer.headers["Set-Cookie"])


if __name__ == "__main__":
    main()
