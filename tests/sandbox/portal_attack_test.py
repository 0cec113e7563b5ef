"""What must not get past the portal and the gate: other sites' pages, rebound names, markup, guesses."""
import collections
import re
import socket
import threading

from portal_case import HOME, Browser, PortalCase
from sandbox_case import PATIENCE_S, main, new_client_id

PAYLOADS = [opening + inner + closing
            for opening in ("", "<", "\"'><", "</style><", "&lt;", "%3C", "`", "\\\"><")
            for inner in ("script>alert(1)</script", "img src=x onerror=alert(1)", "svg/onload=alert(1)",
                          "a href=javascript:alert(1)", "b onmouseover='alert(1)'", "iframe srcdoc=x")
            for closing in (">", "", "\x00>", "\r\n\r\n<", "\u2028>")]


# Every form there is.
ACTIONS = ("validate", "decide", "remove", "consent", "sign-in", "sign-out", "developer/register", "developer/remove",
           "control/fault")


class OtherSites(PortalCase):
    def test_forms_of_others(self):
        """Without the token of this very visitor nothing happens."""
        pending = self.start_pin()
        page = self.consent(pending)
        fields = {**page.form("decide")["fields"], "decision": "authorize"}
        foreign = Browser(self.sandbox, account="eve" + self.client_id)
        foreign_token = foreign.open("/consumerportal/add").form("validate")["fields"]["csrf"]
        cookie = self.browser.cookie.split("=")[0] + "="
        rows = [
            ({"csrf": ""}, {}), ({"csrf": None}, {}), ({"csrf": "x" * 43}, {}), ({"csrf": foreign_token}, {}),
            ({}, {"Cookie": None}), ({}, {"Cookie": foreign.cookie}), ({}, {"Cookie": cookie}),
            ({}, {"Cookie": cookie + "x" * 43}), ({}, {"Origin": "http://evil.example"}),
            ({}, {"Origin": "null"}), ({}, {"Origin": "https://" + self.browser.host}),
            ({}, {"Origin": f"http://{self.sandbox.host}:1"}), ({}, {"Origin": f"http://localhost:{self.sandbox.port}"}),
            ({}, {"Sec-Fetch-Site": "cross-site"}), ({}, {"Sec-Fetch-Site": "same-site"}),
            ({}, {"Host": "evil.example"}),
        ]
        for change, headers in rows:
            for action in ACTIONS:
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
        for client, name in names.items():
            pending = self.start_pin(client_id=client)
            page = self.expect_page(self.browser.add(pending["ecobeePin"]))
            self.assertIn(re.sub(r"\s+", " ", name).strip(), re.sub(r"\s+", " ", page.text))
            self.expect_page(self.browser.submit(page, "decide", ("decision", "authorize")))
            self.exchange(pending["code"], client)
        self.expect_page(self.browser.open())
        self.expect_page(self.browser.open("/consumerportal/developer"))

    def test_markup_in_the_browser_flow(self):
        """Also the page that asks who it is, and the one that says what is wrong with the request."""
        for payload in PAYLOADS[::5]:
            for change in ({"scope": payload}, {"state": payload}, {"redirect_uri": "https://client.example/" + payload},
                           {"redirect_uri": payload}, {"client_id": payload}, {"code_challenge": payload},
                           {"response_type": payload}):
                for browser in (self.browser, Browser(self.sandbox)):
                    with self.subTest(change=change):
                        page = browser.send("GET", self.address(**change))
                        status = page.answer.status
                        self.assertIn(status, (200, 400, 401))
                        self.expect_page(page, status, targets="'self' https: http:" if status == 200 else "'self'")

    def test_markup_typed(self):
        for payload in PAYLOADS[::5]:
            with self.subTest(payload=payload):
                page = self.browser.submit(self.browser.open("/consumerportal/developer"), "register", name=payload * 9,
                                           key=payload, uris=payload)
                self.expect_page(page, 400)
                self.expect_page(Browser(self.sandbox).sign_in(payload, "x" * 300, do="create"), 400)
        self.play()
        for payload in PAYLOADS[::60]:
            self.expect_page(self.browser.add(payload), 400, "not waiting")

    def test_markup_in_the_log(self):
        for payload in PAYLOADS:
            header = re.sub("[\0\r\n\u2028]", "", payload)
            self.sandbox.request("GET", "/authorize", query={"response_type": payload, "grant_type": payload, payload: "x"},
                                 headers={"User-Agent": header, "Authorization": header})
        self.expect_page(self.browser.open("/consumerportal/control"))


class Guessing(PortalCase):
    """Five wrong PINs in ten minutes by one account, thirty by all of them: even the short legacy PIN is not found in its nine
    minutes."""

    ARGUMENTS = None

    def guess(self, pin="????", browser=None):
        return (browser or self.browser).add(pin)

    def test_limit_of_one_account(self):
        self.play("--profile", "legacy")
        pending = self.start_pin()
        consent = self.consent(pending)
        for _ in range(5):
            self.expect_page(self.guess(), 400, "not waiting")
        page = self.expect_page(self.guess(), 429, "Too many wrong PINs")
        self.assertRegex(page.text, r"Try again in (9|10) min")
        self.assertAlmostEqual(int(page.answer.headers["Retry-After"]), 600, delta=60)
        self.expect_page(self.guess(pending["ecobeePin"]), 429)  # else the answer would tell right from wrong
        again = Browser(self.sandbox)
        again.sign_in("ann")
        self.expect_page(self.guess(browser=again), 429)  # the account, not the browser
        self.expect_page(self.browser.submit(consent, "decide", ("decision", "authorize")), 429)
        self.sandbox.advance(1200)  # the limit does not go by the clock that may be moved
        self.expect_page(self.guess(), 429)
        pending = self.start_pin()
        other = Browser(self.sandbox, account="ben")
        page = self.expect_page(self.guess(pending["ecobeePin"], other), 200)  # others go on
        self.expect_page(other.submit(page, "decide", ("decision", "authorize")))
        self.expect_json(self.exchange(pending["code"]), 200)

    def test_limit_of_all(self):
        self.play("--profile", "legacy")
        pending = self.start_pin()
        for number in range(6):
            browser = Browser(self.sandbox, account=f"guesser {number}")
            for _ in range(5):
                self.expect_page(self.guess(browser=browser), 400)
        for browser in (self.browser, Browser(self.sandbox, account="fresh")):
            self.expect_page(self.guess(pending["ecobeePin"], browser), 429, "Try again in")
        self.sandbox.control("approve", pin=pending["ecobeePin"])  # the control API is no guesser's way

    def test_decisions_are_guesses_too(self):
        self.play("--profile", "legacy")
        page = self.consent(self.start_pin())
        for _ in range(5):
            self.expect_page(self.browser.submit(page, "decide", ("decision", "authorize"), pin="????"), 400)
        self.expect_page(self.browser.submit(page, "decide", ("decision", "authorize"), pin="????"), 429)

    def test_right_pins_do_not_count(self):
        self.play("--profile", "legacy")
        for _ in range(15):
            self.browser.submit(self.consent(self.start_pin()), "decide", ("decision", "authorize"))
        self.expect_page(self.guess(), 400)

    def test_passwords_are_limited_too(self):
        self.play()
        for _ in range(10):
            self.expect_page(Browser(self.sandbox).sign_in("ann", "wrong"), 400)
        self.expect_page(Browser(self.sandbox).sign_in("ann"), 429, "Try again in")

    def test_at_full_speed(self):
        """100,000 guesses over 100 accounts, a thousand on the wire at a time: thirty are looked at, none hits."""
        self.play("--profile", "legacy")
        pins = [self.start_pin() for _ in range(50)]
        browsers = [Browser(self.sandbox, account=f"guesser {number}") for number in range(100)]
        guesses = [f"{number:04}" for number in range(1000)]
        counts = collections.Counter()

        def work(browsers):
            for browser in browsers:
                counts.update(self.statuses(browser, guesses))

        threads = [threading.Thread(target=work, args=(browsers[number::2],)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(counts, {400: 30, 429: 99970})
        self.assertEqual({pin["state"] for pin in self.sandbox.state()["pins"]}, {"waiting"})
        self.expect_error(self.exchange(pins[0]["code"]), 401, "authorization_pending")

    def statuses(self, browser, pins):
        """Of the answers to these guesses, all sent on one connection without waiting."""
        token = browser.open("/consumerportal/add").form("validate")["fields"]["csrf"]
        head = (f"POST /consumerportal/validate HTTP/1.1\r\nHost: {browser.host}\r\nCookie: {browser.cookie}\r\n"
                f"Origin: http://{browser.host}\r\nContent-Type: application/x-www-form-urlencoded\r\n")
        forms = [f"csrf={token}&pin={pin}" for pin in pins]
        requests = "".join(f"{head}Content-Length: {len(form)}\r\n\r\n{form}" for form in forms).encode()
        with socket.create_connection((self.sandbox.host, self.sandbox.port), PATIENCE_S) as connection:
            sender = threading.Thread(target=connection.sendall, args=(requests,))
            sender.start()
            with connection.makefile("rb") as answers:
                for _ in forms:
                    status = int(answers.readline().split()[1])
                    while (line := answers.readline()) != b"\r\n":
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.split(b":")[1])
                    answers.read(length)
                    yield status
            sender.join()


if __name__ == "__main__":
    main()
