"""What must not get past the portal and the gate: other sites' pages, rebound names, markup, guesses."""
import re
import threading

from portal_case import HOME, Browser, PortalCase
from sandbox_case import PATIENCE_S, main, new_client_id

PAYLOADS = [opening + inner + closing
            for opening in ("", "<", "\"'><", "</style><", "&lt;", "%3C", "`", "\\\"><")
            for inner in ("script>alert(1)</script", "img src=x onerror=alert(1)", "svg/onload=alert(1)",
                          "a href=javascript:alert(1)", "b onmouseover='alert(1)'", "iframe srcdoc=x")
            for closing in (">", "", "\x00>", "\r\n\r\n<", "\u2028>")]


class OtherSites(PortalCase):
    def test_forms_of_others(self):
        """Without the token of this very visitor nothing happens."""
        pending = self.start_pin()
        page = self.consent(pending)
        fields = {**page.form("decide")["fields"], "decision": "authorize"}
        foreign = Browser(self.sandbox)
        foreign_token = foreign.open().form("validate")["fields"]["csrf"]
        rows = [
            ({"csrf": ""}, {}), ({"csrf": None}, {}), ({"csrf": "x" * 43}, {}), ({"csrf": foreign_token}, {}),
            ({}, {"Cookie": None}), ({}, {"Cookie": foreign.cookie}), ({}, {"Cookie": "ecoauth_sandbox="}),
            ({}, {"Cookie": "ecoauth_sandbox=" + "x" * 43}), ({}, {"Origin": "http://evil.example"}),
            ({}, {"Origin": "null"}), ({}, {"Origin": "https://" + self.browser.host}),
            ({}, {"Origin": f"http://{self.sandbox.host}:1"}), ({}, {"Origin": f"http://localhost:{self.sandbox.port}"}),
            ({}, {"Sec-Fetch-Site": "cross-site"}), ({}, {"Sec-Fetch-Site": "same-site"}),
            ({}, {"Host": "evil.example"}),
        ]
        for change, headers in rows:
            for action in ("validate", "decide", "remove"):
                with self.subTest(action=action, change=change, headers=headers):
                    form = {name: value for name, value in {**fields, **change}.items() if value is not None}
                    answer = self.browser.send("POST", "/consumerportal/" + action, form, **headers).answer
                    self.assertEqual(answer.status, 421 if "Host" in headers else 403, answer)
        self.expect_error(self.exchange(pending["code"]), 401, "authorization_pending")
        self.expect_page(self.browser.send("POST", "/consumerportal/decide", fields), 200, "authorized")

    def test_query_parameters_do_not_decide(self):
        pending = self.start_pin()
        fields = {**self.consent(pending).form("decide")["fields"], "decision": "authorize"}
        answer = self.sandbox.request("POST", "/consumerportal/decide", query=fields, form={},
                                      headers={"Cookie": self.browser.cookie})
        self.assertEqual(answer.status, 403)

    def test_control_api_and_other_sites(self):
        pending = self.start_pin()
        own = f"http://{self.sandbox.host}:{self.sandbox.port}"
        for headers, status in (({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403),
                                ({"Origin": f"http://{self.sandbox.host}:1"}, 403),
                                ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
                                ({"Host": "evil.example"}, 421),
                                ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, 200)):
            for method, path in (("POST", "approve"), ("GET", "state"), ("GET", "log"), ("DELETE", "log"),
                                 ("DELETE", "fault")):
                with self.subTest(headers=headers, path=path):
                    form = {"pin": pending["ecobeePin"]} if path == "approve" else None
                    answer = self.sandbox.request(method, "/sandbox/" + path, form=form, headers=headers)
                    self.assertEqual(answer.status, status, answer)
                    self.assertIsNone(answer.headers["Access-Control-Allow-Origin"])
                    if status != 200:
                        self.assertNotIn(pending["ecobeePin"], answer.text)

    def test_foreign_hosts(self):
        """Also for /token and the API: a name that was pointed at this machine shows itself in Host."""
        good = [self.sandbox.host, f"localhost:{self.sandbox.port}", "LOCALHOST", "127.0.0.1:1", "127.8.8.8", "[::1]:99"]
        bad = ["evil.example", f"evil.example:{self.sandbox.port}", "127.0.0.1.evil.example", "localhost.evil.example",
               "evil.example:80@127.0.0.1", "", "[::2]", "[::1", "0.0.0.0", "192.168.0.1", "127.0.0.1\tevil.example"]
        for path in (HOME, "/authorize", "/token", "/1/thermostat", "/sandbox/state", "/nothing"):
            for host in good:
                self.assertNotEqual(self.sandbox.request("GET", path, headers={"Host": host}).status, 421, (path, host))
            for host in bad:
                with self.subTest(path=path, host=host):
                    answer = self.sandbox.request("GET", path, headers={"Host": host})
                    self.assertEqual(answer.status, 421, answer)
                    self.assertEqual(answer.json()["error"], "foreign_host")
        connection = self.sandbox.connect()
        connection.putrequest("GET", HOME, skip_host=True)
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 421)
        connection.close()

    def test_allowed_host(self):
        self.sandbox = self.new_sandbox("--allow-host", "sandbox.test")
        for host, status in (("sandbox.test", 200), (f"SANDBOX.test:{self.sandbox.port}", 200), ("other.test", 421)):
            self.assertEqual(self.sandbox.request("GET", HOME, headers={"Host": host}).status, status)


class Markup(PortalCase):
    def test_markup_in_scope(self):
        self.assertGreater(len(PAYLOADS), 200)
        for payload in PAYLOADS:
            with self.subTest(payload=payload):
                pending = self.start_pin(payload)
                page = self.consent(pending)
                self.expect_page(self.browser.submit(page, "decide", ("decision", "authorize")))
                self.exchange(pending["code"])
        self.expect_page(self.browser.open())

    def test_markup_in_names(self):
        clients = [new_client_id() for _ in range(len(PAYLOADS))]
        names = {client: payload.replace("\0", "") for client, payload in zip(clients, PAYLOADS)}
        self.play(*[text for pair in names.items() for text in ("--client-name", "=".join(pair))])
        start = self.browser.open()
        for client, name in names.items():
            pending = self.start_pin(client_id=client)
            page = self.expect_page(self.browser.submit(start, "validate", pin=pending["ecobeePin"]))
            self.assertIn(re.sub(r"\s+", " ", name).strip(), re.sub(r"\s+", " ", page.text))
            self.expect_page(self.browser.submit(page, "decide", ("decision", "authorize")))
            self.exchange(pending["code"], client)
        self.expect_page(self.browser.open())

    def test_markup_typed(self):
        for payload in PAYLOADS[::30]:
            self.play()
            self.expect_page(self.browser.submit(self.browser.open(), "validate", pin=payload), 400, "not waiting")


class Guessing(PortalCase):
    """At most ten wrong PINs a minute, over all visitors: even the short legacy PIN is not found in its nine minutes."""

    ARGUMENTS = None

    def guess(self, pin="????", browser=None):
        browser = browser or self.browser
        return browser.submit(browser.open(), "validate", pin=pin)

    def test_limit(self):
        self.play("--profile", "legacy")
        pending = self.start_pin()
        consent = self.consent(pending)
        for _ in range(10):
            self.expect_page(self.guess(), 400, "not waiting")
        self.expect_page(self.guess(), 429, "Too many wrong PINs")
        self.expect_page(self.guess(pending["ecobeePin"]), 429)  # else the answer would tell right from wrong
        self.expect_page(self.guess(browser=Browser(self.sandbox)), 429)
        self.expect_page(self.browser.submit(consent, "decide", ("decision", "authorize")), 429)
        self.sandbox.advance(120)  # the limit does not go by the clock that may be moved
        self.expect_page(self.guess(), 429)
        self.expect_error(self.exchange(pending["code"]), 401, "authorization_pending")

    def test_decisions_are_guesses_too(self):
        self.play("--profile", "legacy")
        page = self.consent(self.start_pin())
        for _ in range(10):
            self.expect_page(self.browser.submit(page, "decide", ("decision", "authorize"), pin="????"), 400)
        self.expect_page(self.browser.submit(page, "decide", ("decision", "authorize"), pin="????"), 429)

    def test_right_pins_do_not_count(self):
        self.play("--profile", "legacy")
        for _ in range(15):
            self.browser.submit(self.consent(self.start_pin()), "decide", ("decision", "authorize"))
        self.expect_page(self.guess(), 400)

    def test_at_full_speed(self):
        self.play("--profile", "legacy")
        statuses = []

        def work():
            browser = Browser(self.sandbox)
            form = browser.open().form("validate")
            for number in range(100):
                form["fields"]["pin"] = f"{number:04}"
                statuses.append(browser.send("POST", form["action"], form["fields"]).answer.status)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
        self.assertEqual({status: statuses.count(status) for status in sorted(set(statuses))}, {400: 10, 429: 790})


if __name__ == "__main__":
    main()
