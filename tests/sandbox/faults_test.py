"""Every fault the sandbox can play, and that each hits what it names, as often as it says, and nothing else."""
import http.client
import time

from sandbox_case import FROZEN, INVALID_GRANT, Case, main


class Faults(Case):
    ARGUMENTS = (*FROZEN, "--refresh-policy", "strict")

    def setUp(self):
        super().setUp()
        self.addCleanup(self.sandbox.control, "fault", "DELETE")

    def add(self, **parameters):
        return self.sandbox.control("fault", **parameters)["faults"]

    def expect_page(self, answer, status):
        self.assertEqual(answer.status, status, answer)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/html"))
        self.assertIn("<html>", answer.text)

    def test_gateway_pages(self):
        for status in (500, 502, 503, 504, 520, 522, 525, 200):
            with self.subTest(status=status):
                grant = self.login()
                self.add(name="http_status", status=status)
                self.expect_page(self.refresh(grant.refresh), status)
                self.renew(grant)  # the fault answered instead of acting, and is used up

    def test_empty_and_foreign_json(self):
        grant = self.login()
        self.add(name="http_status", status=200, body="empty")
        answer = self.refresh(grant.refresh)
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.add(name="http_status", status=503, body="json")
        value = self.expect_json(self.refresh(grant.refresh), 503)
        self.assertEqual(set(value), {"message"})
        self.renew(grant)

    def test_spurious_errors(self):
        """N times wrong, then right, with the same token."""
        grant = self.login()
        for error, status in (("invalid_grant", 400), ("invalid_client", 401), ("made_up", 418)):
            self.add(name="oauth_error", error=error, status=status, count=3)
            for _ in range(3):
                self.expect_error(self.refresh(grant.refresh), status, error)
            self.renew(grant)
        self.add(name="oauth_error", error="invalid_grant")
        self.expect_json(self.authorize(), 200)  # tokens alone, unless told otherwise
        self.expect_error(self.refresh(grant.refresh), *INVALID_GRANT)

    def test_reset(self):
        grant = self.login()
        self.add(name="reset")
        with self.assertRaises(ConnectionResetError):
            self.refresh(grant.refresh)
        self.renew(grant)

    def test_answer_lost_after_commit(self):
        grant = self.login()
        old = grant.access
        self.add(name="drop_after_commit")
        with self.assertRaises(http.client.RemoteDisconnected):
            self.refresh(grant.refresh)
        self.expect_error(self.refresh(grant.refresh), *INVALID_GRANT)  # the lost answer held its successor
        self.expect_api(self.api(old), 14)

    def test_answer_lost_but_reusable(self):
        self.sandbox.control("policy", refresh="reusable")
        self.addCleanup(self.sandbox.control, "policy", refresh="strict")
        grant = self.login()
        self.add(name="drop_after_commit")
        with self.assertRaises(http.client.RemoteDisconnected):
            self.refresh(grant.refresh)
        self.renew(grant)

    def test_truncated(self):
        for count in (0, 1, 40):
            grant = self.login()
            self.add(name="truncate", bytes=count)
            with self.assertRaises(http.client.IncompleteRead) as caught:
                self.refresh(grant.refresh)
            self.assertEqual(len(caught.exception.partial), count)
            self.expect_error(self.refresh(grant.refresh), *INVALID_GRANT)

    def test_delay(self):
        grant = self.login()
        self.add(name="delay", ms=300)
        start = time.monotonic()
        grant.take(self.refresh(grant.refresh))
        self.assertGreaterEqual(time.monotonic() - start, 0.3)
        entry = [each for each in self.sandbox.log() if each["fault"] == "delay"][-1]
        self.assertGreaterEqual(entry["answered_ms"] - entry["received_ms"], 300)

    def test_delay_stops_nobody_else(self):
        grant = self.login()
        self.add(name="delay", ms=600000, at="api")
        connection = self.sandbox.connect()
        connection.request("GET", "/1/thermostat", headers={"Authorization": "Bearer " + grant.access})
        self.renew(grant)
        connection.close()

    def test_where(self):
        grant = self.login()
        for at, call in (("token", lambda: self.refresh("x")), ("authorize", self.authorize),
                         ("api", lambda: self.api(grant.access))):
            self.add(name="http_status", status=503, at=at)
            others = {"token": self.refresh, "authorize": self.authorize, "api": self.api}
            del others[at]
            for other, function in others.items():
                answer = function() if other == "authorize" else function("x")
                self.assertNotEqual(answer.status, 503, other)
            self.sandbox.control("state", "GET")
            self.assertEqual(self.sandbox.request("GET", "/consumerportal/index.html").status, 200)
            self.expect_page(call(), 503)
            self.assertNotEqual(call().status, 503)
        self.add(name="http_status", status=503, count=3)
        for call in (self.authorize, lambda: self.refresh("x"), lambda: self.api("x")):
            self.expect_page(call(), 503)
        self.assertEqual(self.sandbox.state()["faults"], [])

    def test_one_after_the_other(self):
        """Faults wait in the order they were given."""
        self.add(name="http_status", status=502, count=2)
        told = self.add(name="http_status", status=503)
        self.assertEqual([(each["name"], each["status"], each["count"], each["at"]) for each in told],
                         [("http_status", 502, 2, "any"), ("http_status", 503, 1, "any")])
        self.assertEqual([self.authorize().status for _ in range(4)], [502, 502, 503, 200])

    def test_until_deleted(self):
        self.add(name="http_status", status=503, count=-1)
        for _ in range(5):
            self.expect_page(self.authorize(), 503)
        self.assertEqual(self.sandbox.control("fault", "DELETE"), {"deleted": 1})
        self.expect_json(self.authorize(), 200)

    def test_log_names_it(self):
        self.add(name="http_status", status=503)
        self.add(name="truncate", bytes=3)
        self.authorize()
        with self.assertRaises(http.client.IncompleteRead):
            self.authorize()
        shown = [(each["fault"], each["status"]) for each in self.sandbox.log() if each["path"] == "/authorize"][-2:]
        self.assertEqual(shown, [("http_status", 503), ("truncate", 200)])

    def test_refuses(self):
        rows = [
            {}, {"name": "nothing"}, {"name": "http_status"}, {"name": "http_status", "status": "99"},
            {"name": "http_status", "status": "503", "body": "x"}, {"name": "http_status", "status": "503", "ms": "1"},
            {"name": "oauth_error"}, {"name": "delay"}, {"name": "delay", "ms": "0"}, {"name": "delay", "ms": "x"},
            {"name": "truncate"}, {"name": "truncate", "bytes": "-1"}, {"name": "reset", "count": "0"},
            {"name": "reset", "count": "-2"}, {"name": "reset", "at": "portal"}, {"name": "reset", "for_s": "0"},
            {"name": "reset", "grant_type": "password"}, {"name": "reset", "skip": "-1"}, {"name": "api_error"},
            {"name": "api_error", "code": "14", "at": "token"}, {"name": "member"}, {"name": "member", "member": ""},
            {"name": "flip_unit", "at": "api"}, {"name": "duplicate", "late_s": "-1"},
            {"name": "redirect", "to": "/\r\nX: y"}, {"name": "redirect", "to": "x" * 2000},
            {"name": "rate_limit", "form": "hours"}, {"name": "drip", "bytes": "0"}, {"name": "delay", "ms": "1", "when": "x"},
        ]
        for parameters in rows:
            with self.subTest(parameters=parameters):
                answer = self.sandbox.request("POST", "/sandbox/fault", form=parameters)
                self.assertEqual(answer.status, 400, answer)
        self.assertEqual(self.sandbox.state()["faults"], [])


class When(Case):
    """Which requests a fault strikes."""
    ARGUMENTS = FROZEN

    def setUp(self):
        super().setUp()
        self.addCleanup(self.sandbox.control, "fault", "DELETE")

    def seen(self, count):
        return [self.authorize().status for _ in range(count)]

    def test_skip(self):
        self.sandbox.control("fault", name="http_status", status=503, skip=2, count=2)
        self.assertEqual(self.seen(6), [200, 200, 503, 503, 200, 200])

    def test_outage_window(self):
        told = self.sandbox.control("fault", name="http_status", status=503, after_s=60, for_s=600)["faults"][0]
        self.assertEqual(told["count"], -1)
        self.assertEqual(told["until_ms"] - told["from_ms"], 600_000)
        self.assertEqual(self.seen(2), [200, 200])
        self.sandbox.advance(60)
        self.assertEqual(self.seen(5), [503] * 5)
        self.sandbox.advance(599)
        self.assertEqual(self.seen(2), [503] * 2)
        self.sandbox.advance(1)
        self.assertEqual(self.seen(2), [200, 200])
        self.assertEqual(self.sandbox.state()["faults"], [])

    def test_grant_type(self):
        grant = self.login()
        self.sandbox.control("fault", name="oauth_error", error="invalid_grant", grant_type="refresh_token")
        self.expect_json(self.exchange_approved(), 200)
        self.expect_error(self.refresh(grant.refresh), *INVALID_GRANT)
        self.renew(grant)

    def exchange_approved(self):
        pending = self.start_pin()
        self.sandbox.control("approve", pin=pending["ecobeePin"])
        return self.exchange(pending["code"])

    def test_late_duplicate(self):
        """An hour later the first refresh arrives again and ends the access token that is then in use."""
        grant = self.login()
        self.sandbox.control("fault", name="duplicate", late_s=1800)
        self.renew(grant)
        self.expect_api(self.api(grant.access), 0)
        self.sandbox.advance(1799)
        self.expect_api(self.api(grant.access), 0)
        self.sandbox.advance(1)
        self.expect_api(self.api(grant.access), 14)
        self.renew(grant)

    def test_delay_after_means_done(self):
        """Who gives up waiting has been served all the same."""
        self.sandbox.control("policy", refresh="strict")
        self.addCleanup(self.sandbox.control, "policy", refresh="reusable")
        grant = self.login()
        self.sandbox.control("fault", name="delay", ms=600000, when="after")
        connection = self.sandbox.connect(timeout_s=0.5)
        connection.request("POST", "/token?" + "&".join((
            "grant_type=refresh_token", "code=" + grant.refresh, "client_id=" + self.client_id)))
        with self.assertRaises(TimeoutError):
            connection.getresponse()
        connection.close()
        self.expect_error(self.refresh(grant.refresh), *INVALID_GRANT)


if __name__ == "__main__":
    main()
