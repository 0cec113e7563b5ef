"""The control API, the clock and the request log."""
import email.utils
import json
import time

from sandbox_case import INVALID_GRANT, Case, main, new_client_id

CALLS = {
    ("POST", "approve"), ("POST", "decline"), ("POST", "consent"), ("POST", "revoke"), ("POST", "expire"), ("POST", "clock"),
    ("POST", "policy"), ("POST", "fault"), ("DELETE", "fault"), ("GET", "log"), ("DELETE", "log"), ("GET", "state"), ("GET", "switches"),
    ("GET", "faults"), ("GET", "openapi.yaml"),
}


class Control(Case):
    def refused(self, path, *words, status=400, method="POST", **parameters):
        style = {"form": parameters} if method == "POST" else {"query": parameters}
        answer = self.sandbox.request(method, "/sandbox/" + path, **style)
        value = self.expect_json(answer, status)
        self.assertEqual(set(value), {"error", "message"})
        for word in words:
            self.assertIn(word, value["message"])

    def test_methods(self):
        for path in sorted({path for _, path in CALLS}):
            for method in ("GET", "POST", "DELETE", "PUT", "OPTIONS"):
                if (method, path) in CALLS:
                    continue
                answer = self.sandbox.request(method, "/sandbox/" + path)
                self.assertEqual(answer.status, 405, answer)
                allowed = {each for each, known in CALLS if known == path}
                self.assertEqual(set(answer.headers["Allow"].split(", ")), allowed)
        for path in ("", "nothing", "state/", "../sandbox/state"):
            self.assertEqual(self.sandbox.request("GET", "/sandbox/" + path).status, 404)

    def test_refuses_what_it_does_not_know(self):
        """A slip in a test script must not look like success."""
        rows = [
            ("approve", {}, "pin"), ("approve", {"pin": "x", "client": "y"}, "client"), ("decline", {}, "pin"),
            ("revoke", {}, "client_id"), ("revoke", {"client_id": "x", "by": "me"}, "user", "ecobee"),
            ("expire", {}, "access"), ("expire", {"what": "all"}, "access", "refresh", "pin"),
            ("clock", {}, "advance_s"), ("clock", {"advance_s": "-1"}, "advance_s"), ("clock", {"advance_s": "1.5"},),
            ("clock", {"step_s": "x"}, "step_s"), ("clock", {"step_s": str(-(10**9))}, "step_s"),
            ("clock", {"advance_s": "1e3"},), ("clock", {"advance_s": "9" * 30},), ("clock", {"seconds": "1"}, "seconds"),
            ("clock", {"advance_s": "1", "step_s": "1"}, "exclude"),
            ("policy", {"refresh": "x"}, "strict-family", "idempotent"), ("policy", {"grace_s": "x"}, "grace_s"),
            ("policy", {"kill_access": "maybe"}, "true"), ("policy", {"expired": "x"}, "authorization_expired"),
            ("policy", {"slow_down_status": "200"}, "400"), ("policy", {"get_token": "x"}, "false"),
            ("policy", {"rotate": "off"}, "rotate"),
        ]
        for path, parameters, *words in rows:
            with self.subTest(path=path, parameters=parameters):
                self.refused(path, *words, **parameters)
        self.refused("log", "after", method="GET", after="x")
        self.refused("approve", status=404, pin="XXXX-XXXX")
        self.refused("decline", status=404, pin="XXXX-XXXX")
        broken = self.sandbox.request("POST", "/sandbox/clock", body="advance_s=%zz",
                                      headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(broken.status, 400)

    def test_refuses_what_it_does_not_read(self):
        """JSON in place of a form: nothing would be done, and it would look like success."""
        for path in ("policy", "clock", "revoke"):
            answer = self.sandbox.request("POST", "/sandbox/" + path, body='{"interval_s": 9}', headers={"Content-Type": "application/json"})
            self.assertEqual(answer.status, 400, answer)
            self.assertIn("as a form", answer.json()["message"])

    def test_parameters_in_the_query_too(self):
        pending = self.start_pin()
        answer = self.sandbox.request("POST", "/sandbox/approve", query={"pin": pending["ecobeePin"]})
        self.assertEqual(answer.status, 200, answer)

    def test_a_decision_is_final(self):
        pending = self.start_pin()
        self.assertEqual(self.sandbox.control("decline", pin=pending["ecobeePin"])["result"], "declined")
        self.refused("approve", status=404, pin=pending["ecobeePin"])

    def test_all_waiting_pins(self):
        self.sandbox.request("POST", "/sandbox/decline", form={"all": "true"})
        pending = [self.start_pin(), self.start_pin()]
        self.assertEqual(self.sandbox.control("approve", all="true")["count"], 2)
        for each in pending:
            self.expect_json(self.exchange(each["code"]), 200)
        self.refused("approve", status=404, all="true")

    def test_expire_pin(self):
        pending, approved = self.start_pin(), self.start_pin()
        self.sandbox.control("approve", pin=approved["ecobeePin"])
        self.sandbox.control("expire", what="pin")
        for each in (pending, approved):
            self.expect_error(self.exchange(each["code"]), *INVALID_GRANT)

    def test_expire_access(self):
        """Code 14 before the announced end; the refresh token is not touched."""
        grant = self.login()
        self.assertGreaterEqual(self.sandbox.control("expire", what="access")["expired"], 1)
        self.expect_api(self.api(grant.access), 14)
        self.expect_api(self.api(self.renew(grant).access), 0)

    def test_expire_refresh(self):
        grant = self.login()
        self.sandbox.control("expire", what="refresh")
        self.expect_error(self.refresh(grant.refresh), *INVALID_GRANT)
        self.expect_api(self.api(grant.access), 0)

    def test_revoke_concerns_one_application(self):
        first, second, other = self.login(), self.login(), self.login(client_id=new_client_id())
        self.assertEqual(self.sandbox.control("revoke", client_id=self.client_id), {"revoked": 2})
        self.assertEqual(self.sandbox.control("revoke", client_id=self.client_id), {"revoked": 0})
        for grant in (first, second):
            self.expect_api(self.api(grant.access), 16)
        self.expect_api(self.api(other.access), 0)

    def test_revoke_all(self):
        grants = [self.login(client_id=new_client_id()) for _ in range(3)]
        self.assertGreaterEqual(self.sandbox.control("revoke", all="true")["revoked"], 3)
        for grant in grants:
            self.expect_api(self.api(grant.access), 16)

    def test_policy_answers_with_all_of_it(self):
        before = self.sandbox.control("policy")
        try:
            told = self.sandbox.control("policy", refresh="grace", grace_s=7, kill_access="false")
            self.assertEqual(told, {**before, "refresh": "grace", "grace_s": 7, "kill_access": False})
            self.assertEqual(self.sandbox.control("policy"), told)
            refused = self.sandbox.request("POST", "/sandbox/policy", form={"grace_s": 8, "kill_access": "maybe"})
            self.assertEqual(refused.status, 400)
            self.assertEqual(self.sandbox.control("policy"), told)  # all or nothing
        finally:
            self.sandbox.control("policy", refresh="reusable", grace_s=30, kill_access="true")

    def test_state(self):
        pending = self.start_pin("smartRead,smartWrite")
        grant = self.login("smartWrite")
        state = self.expect_json(self.sandbox.request("GET", "/sandbox/state"), 200)
        self.assertEqual(state["profile"], "current")
        pin, = [each for each in state["pins"] if each["pin"] == pending["ecobeePin"]]
        self.assertEqual((pin["state"], pin["scope"]), ("waiting", "smartRead,smartWrite"))
        self.assertAlmostEqual((pin["expires_ms"] - state["now_ms"]) / 1000, 900, delta=10)
        mine, = [each for each in state["grants"] if each["client"] == pin["client"]]
        self.assertEqual((mine["state"], mine["scope"]), ("active", "smartWrite"))
        self.assertEqual(sum(each["usable"] for each in mine["refresh_tokens"]), 1)
        self.assertEqual(sum(each["usable"] for each in mine["access_tokens"]), 1)
        text = json.dumps(state)
        for secret in (self.client_id, pending["code"], grant.access, grant.refresh):
            self.assertNotIn(secret, text)


class Log(Case):
    def test_what_it_tells(self):
        last = self.sandbox.control("log", "GET")["last"]
        pending = self.start_pin("smartRead")
        self.exchange(pending["code"])
        self.sandbox.control("approve", pin=pending["ecobeePin"])
        answer = self.exchange(pending["code"]).json()
        self.api(answer["access_token"])
        self.sandbox.request("POST", "/token", query={"grant_type": "refresh_token", "code": answer["refresh_token"],
                                                      "client_id": self.client_id, "surprise": "x"},
                             headers={"User-Agent": "agent\x1b[31m", "Authorization": "Basic abc"})
        log = self.sandbox.log(after=last)
        self.assertEqual([(each["method"], each["path"], each["status"], each["outcome"]) for each in log], [
            ("GET", "/authorize", 200, "pin"), ("POST", "/token", 401, "authorization_pending"),
            ("POST", "/sandbox/approve", 200, "ok"), ("POST", "/token", 200, "ok"),
            ("GET", "/1/thermostatSummary", 200, "status 0"), ("POST", "/token", 200, "ok"),
            ("GET", "/sandbox/log", 0, "")])
        authorize, poll, approve, exchange, api, refresh, _ = log
        self.assertEqual(authorize["query"]["response_type"], "ecobeePin")
        self.assertEqual(authorize["query"]["scope"], "smartRead")
        self.assertEqual(poll["query"], {})
        self.assertEqual(poll["form"]["grant_type"], "ecobeePin")
        self.assertEqual(poll["form"]["code"], exchange["form"]["code"])
        self.assertRegex(api["authorization"], "^Bearer #[0-9a-f]{8}$")
        self.assertEqual(set(refresh["query"]), {"grant_type", "code", "client_id", "(other)"})
        self.assertEqual(approve["form"], {})
        self.assertNotIn("\x1b", refresh["user_agent"])
        for each in log[:-1]:
            self.assertGreaterEqual(each["answered_ms"], each["received_ms"])
        text = json.dumps(log)
        for secret in (self.client_id, pending["code"], pending["ecobeePin"], answer["access_token"],
                       answer["refresh_token"], "surprise"):
            self.assertNotIn(secret, text)

    def test_secrets_in_the_wrong_place(self):
        """A token where a harmless word is expected is still not shown."""
        canary = "canary" * 6
        for name in ("scope", "grant_type", "response_type", "format", "ecobee_type", canary):
            self.sandbox.request("POST", "/token", form={name: canary}, headers={"Authorization": canary})
        self.sandbox.request("GET", "/" + canary)
        self.sandbox.request("GET", "/1/" + canary)
        self.sandbox.request(canary, "/token")
        self.assertNotIn(canary, json.dumps(self.sandbox.log()))

    def test_delete(self):
        self.start_pin()
        self.sandbox.control("log", "DELETE")
        self.assertEqual([each["path"] for each in self.sandbox.log()], ["/sandbox/log"])


class Clock(Case):
    ARGUMENTS = ("--time-scale", "1000")

    def test_scale(self):
        """A thousand sandbox seconds a second, within the bounds that the moments around the two looks give."""
        before = time.monotonic()
        first = self.sandbox.state()["now_ms"]
        between = time.monotonic()
        time.sleep(0.2)
        between_too = time.monotonic()
        second = self.sandbox.state()["now_ms"]
        after = time.monotonic()
        self.assertGreaterEqual(second - first, (between_too - between) * 1e6 - 2000)
        self.assertLessEqual(second - first, (after - before) * 1e6 + 2000)

    def test_a_pin_expires_by_it(self):
        start = time.monotonic()
        code = self.start_pin()["code"]
        answers = []
        while not answers or answers[-1] != "invalid_grant":
            self.assertLess(time.monotonic() - start, 20, answers[-1:])
            answers.append(self.exchange(code).json()["error"])
        self.assertGreater(time.monotonic() - start, 0.85)
        self.assertLessEqual(set(answers), {"authorization_pending", "slow_down", "invalid_grant"})

    def test_step_back(self):
        """The clock is set back two hours: what has expired lives again, and Date says so."""
        self.sandbox = self.new_sandbox("--time-scale", "0.001")
        grant = self.login()
        self.sandbox.advance(3600)
        self.expect_api(self.api(grant.access), 14)
        before = self.date()
        self.sandbox.control("clock", step_s=-7200)
        self.expect_api(self.api(grant.access), 0)
        self.assertEqual(before - self.date(), 7200)

    def date(self):
        return email.utils.parsedate_to_datetime(self.authorize().headers["Date"]).timestamp()

    def test_advance(self):
        before = self.sandbox.state()["now_ms"]
        now = self.sandbox.advance(10_000_000)["now_ms"]
        self.assertGreaterEqual(now - before, 10_000_000_000)
        self.assertGreaterEqual(self.sandbox.state()["now_ms"], now)


if __name__ == "__main__":
    main()
