"""Each open question of protocol.md 11 that has a switch, on the command line and in the control API: what is seen with it, and that
something else is seen without it."""
from profiles import PENDING, REGISTERED, REGISTRATIONS
from sandbox_case import FROZEN, INVALID_GRANT, Case, main, new_client_id

ADDRESS = "https://client.example/done"


class Probes(Case):
    """What a client sees of each switch."""
    ARGUMENTS = None

    def told(self, answer):
        return answer.status, answer.json().get("error")

    def used_again(self):
        """A refresh token, used twice: the answers to the second use, at once, after 40 s and after 100 s."""
        grant = self.login()
        self.renew(grant)
        first = grant.refresh
        self.renew(grant)
        answers = []
        for seconds in (0, 40, 60):
            self.sandbox.advance(seconds)
            answers.append(self.refresh(first).status)
        return answers

    def old_access(self):
        grant = self.login()
        old = grant.access
        self.renew(grant)
        return self.api(old).json()["status"]["code"]

    def idle_refresh(self):
        grant = self.login()
        self.sandbox.advance(20 * 86400)
        return self.refresh(grant.refresh).status

    def legacy_token(self):
        """A grant of the legacy service, kept in a file, shown to the current one."""
        state = self.sandbox.folder + "/legacy.json"
        before = self.new_sandbox(*FROZEN, "--profile", "legacy", "--state", state)
        after, self.sandbox = self.sandbox, before
        grant = self.login()
        before.end()
        self.sandbox = self.new_sandbox(*FROZEN, *self.arguments, "--state", state)
        self.set_by_control()
        status = self.refresh(grant.refresh).status
        self.sandbox = after
        return status

    def token_life(self):
        grant = self.login()
        self.sandbox.advance(10)
        return grant.answer["expires_in"], self.api(grant.access).json()["status"]["code"]

    def token_bytes(self):
        grant = self.login()
        return len(grant.access) >= 7000, self.api(grant.access).json()["status"]["code"]

    def pin(self):
        pin = self.start_pin()["ecobeePin"]
        return len(pin), "-" in pin

    def pin_life(self):
        pending = self.start_pin()
        self.sandbox.advance(120)
        return pending["expires_in"], self.told(self.exchange(pending["code"]))

    def pin_life_told(self):
        return self.start_pin()["expires_in"]

    def polls(self):
        pending = self.start_pin()
        first = self.told(self.exchange(pending["code"]))
        self.sandbox.advance(3)
        return pending["interval"], first, self.told(self.exchange(pending["code"]))

    def expired_pin(self):
        pending = self.start_pin()
        self.sandbox.advance(900)
        return self.told(self.exchange(pending["code"]))

    def refresh_by_get(self):
        grant = self.login()
        return self.told(self.sandbox.request("GET", "/token", query={
            "grant_type": "refresh_token", "code": grant.refresh, "client_id": self.client_id}))

    def wrong_key(self):
        answer = self.authorize(client_id="null")
        return answer.status, answer.headers["Content-Type"], "code" in answer.text

    def many_requests(self):
        """Three at once, of which one comes from somebody else, and one a minute later."""
        first, second = self.refresh("x"), self.refresh("x")
        other = self.refresh("x", new_client_id())
        self.sandbox.advance(60)
        return (first.status, second.status, second.headers["Retry-After"], other.status, self.refresh("x").status)

    def expired_access(self):
        grant = self.login()
        self.sandbox.advance(3600)
        return self.api(grant.access).json()["status"]["code"]

    def removed(self):
        grant = self.login()
        self.sandbox.control("revoke", client_id=self.client_id)
        return self.api(grant.access).json()["status"]["code"]

    def consent(self, address=ADDRESS):
        return self.sandbox.request("POST", "/sandbox/consent", form={
            "decision": "accept", "response_type": "code", "client_id": REGISTERED["any"], "redirect_uri": address})

    def browser_code_life(self):
        where = self.consent().json()["redirect"]
        self.sandbox.advance(30)
        return self.told(self.sandbox.request("POST", "/token", form={
            "grant_type": "authorization_code", "client_id": REGISTERED["any"], "redirect_uri": ADDRESS,
            "code": where.split("code=")[1].split("&")[0]}))

    def redirect_with_port(self):
        return self.consent("http://127.0.0.1:9/done").status

    def redirect_below(self):
        return self.consent(ADDRESS + "/below").status

    def browser_request(self, **more):
        """The answer to a browser, without what the switch demands and with it."""
        asked = {"decision": "accept", "response_type": "code", "client_id": REGISTERED["any"], "redirect_uri": ADDRESS}
        return [self.told(self.sandbox.request("POST", "/sandbox/consent", form=form)) for form in (asked, {**asked, **more})]

    def without_state(self):
        return self.browser_request(state="x")

    def without_challenge(self):
        return self.browser_request(code_challenge="x" * 43, code_challenge_method="S256")

    def announced(self):
        answers = [self.authorize(), self.refresh("x"), self.api("x")]
        return [(each.headers["Content-Type"], each.headers["Cache-Control"]) for each in answers]


JSON_TYPE = "application/json;charset=UTF-8"
OK = (200, None)
# switch: (option, value for the control API, what is looked at, seen with it, seen without it)
TABLE = {
    "refresh": (("--refresh-policy", "grace"), "grace", Probes.used_again, [200, 400, 400], [200, 200, 200]),
    "grace_s": (("--refresh-policy", "grace", "--grace", 50), 50, Probes.used_again, [200, 200, 400], [200, 400, 400]),
    "kill_access": (("--keep-old-access",), "false", Probes.old_access, 0, 14),
    "refresh_idle_s": (("--refresh-days", 0.5), 43200, Probes.idle_refresh, 400, 200),
    "legacy_tokens": (("--refuse-legacy-tokens",), "false", Probes.legacy_token, 400, 200),
    "access_life_s": (("--access-seconds", 10), 10, Probes.token_life, (10, 14), (3600, 0)),
    "jwt_bytes": (("--jwt-bytes", 7000), 7000, Probes.token_bytes, (True, 0), (False, 0)),
    "pin_length": (("--pin-length", 10), 10, Probes.pin, (10, False), (9, True)),
    "pin_life_s": (("--pin-seconds", 120), 120, Probes.pin_life, (120, INVALID_GRANT), (900, PENDING)),
    "pin_unit": (("--pin-unit", "minutes"), "minutes", Probes.pin_life_told, 15, 900),
    "interval_s": (("--interval", 2), 2, Probes.polls, (2, PENDING, PENDING), (5, PENDING, (401, "slow_down"))),
    "expired": (("--expired-as", "authorization_expired"), "authorization_expired", Probes.expired_pin,
                (401, "authorization_expired"), INVALID_GRANT),
    "pending_status": (("--pending-status", 400), 400, Probes.polls,
                       (5, (400, "authorization_pending"), (401, "slow_down")), (5, PENDING, (401, "slow_down"))),
    "slow_down_status": (("--slow-down-status", 429), 429, Probes.polls, (5, PENDING, (429, "slow_down")),
                         (5, PENDING, (401, "slow_down"))),
    "get_token": (("--allow-get-token",), "true", Probes.refresh_by_get, OK, (400, "not_supported")),
    "bad_client": (("--bad-client-as", "html"), "html", Probes.wrong_key, (401, "text/html;charset=UTF-8", False),
                   (401, JSON_TYPE, False)),
    "rate_limit": (("--rate-limit", 1), 1, Probes.many_requests, (400, 429, "60", 400, 400), (400, 400, None, 400, 400)),
    "api_expired": (("--api-expired-code", 1), 1, Probes.expired_access, 1, 14),
    "api_removed": (("--api-removed-code", 2), 2, Probes.removed, 2, 16),
    "code_life_s": (("--code-seconds", 30), 30, Probes.browser_code_life, INVALID_GRANT, OK),
    "any_redirect": (("--any-redirect",), "true", Probes.redirect_with_port, 200, 400),
    "redirect_prefix": (("--redirect-prefix",), "true", Probes.redirect_below, 200, 400),
    "require_state": (("--require-state",), "true", Probes.without_state, [(400, "invalid_request"), OK], [OK, OK]),
    "require_pkce": (("--require-pkce",), "true", Probes.without_challenge, [(400, "invalid_request"), OK], [OK, OK]),
    "content_type": (("--content-type", "text/plain"), "text/plain", Probes.announced, [("text/plain", "no-store")] * 3,
                     [(JSON_TYPE, "no-store")] * 3),
    "no_store": (("--cacheable",), "false", Probes.announced, [(JSON_TYPE, None)] * 3, [(JSON_TYPE, "no-store")] * 3),
}
# The value of another switch that must be set for this one to be seen.
NEEDS = {"grace_s": {"refresh": "grace"}}
NEEDS_OPTIONS = {"grace_s": ("--refresh-policy", "grace")}
NEEDS_REDIRECT = {"code_life_s", "redirect_prefix"}


class EachSwitch(Probes):
    def play(self, name, *arguments):
        self.client_id = new_client_id()
        register = ("--redirect-uri", f"{REGISTERED['any']}={ADDRESS}") if name in NEEDS_REDIRECT else ()
        self.arguments = arguments
        self.sandbox = self.new_sandbox(*FROZEN, *REGISTRATIONS, *register, *arguments)
        self.set_by_control = lambda: None

    def test_without(self):
        for name, (_, _, probe, _, without) in TABLE.items():
            with self.subTest(name):
                self.play(name, *NEEDS_OPTIONS.get(name, ()))
                self.assertEqual(probe(self), without)

    def test_by_option(self):
        for name, (option, _, probe, seen, _) in TABLE.items():
            with self.subTest(name):
                self.play(name, *option)
                self.assertEqual(probe(self), seen)

    def test_by_control(self):
        for name, (_, value, probe, seen, _) in TABLE.items():
            with self.subTest(name):
                self.play(name)
                self.set_by_control = lambda: self.sandbox.control("policy", **{name: value, **NEEDS.get(name, {})})
                self.set_by_control()
                self.assertEqual(probe(self), seen)

    def test_the_table_has_all(self):
        """Each switch in words, with the value it has."""
        self.play("")
        told = self.expect_json(self.sandbox.request("GET", "/sandbox/switches"), 200)["switches"]
        self.assertEqual([each["name"] for each in told], list(TABLE))
        values = self.sandbox.control("policy")
        for each in told:
            with self.subTest(each["name"]):
                self.assertEqual(each["value"], values[each["name"]])
                self.assertIn(each["option"], TABLE[each["name"]][0])
                self.assertGreater(len(each["words"]), 15)
                limits = each.get("values") or [each["low"], each["high"]]
                for limit in limits:
                    self.sandbox.control("policy", **{each["name"]: limit})
                for wrong in ("", "x", "-1", "1e3", "99999999999"):
                    answer = self.sandbox.request("POST", "/sandbox/policy", form={each["name"]: wrong})
                    self.assertEqual(answer.status, 400, (each["name"], wrong))

    def test_wrong_key_seems_right(self):
        self.play("", "--bad-client-as", "no-code")
        self.assertEqual(self.wrong_key(), (200, JSON_TYPE, False))

    def test_no_content_type(self):
        self.play("", "--content-type", "none", "--cacheable")
        self.assertEqual(self.announced(), [(None, None)] * 3)


class Switches(Case):
    ARGUMENTS = None

    def play(self, *arguments):
        self.sandbox = self.new_sandbox(*FROZEN, *arguments)

    def test_pin_lengths(self):
        for length, pattern in ((4, "^[a-z0-9]{4}$"), (9, "^.{4}-.{4}$"), (10, "^[A-Z0-9]{10}$")):
            self.play("--pin-length", length)
            self.assertRegex(self.start_pin()["ecobeePin"], pattern)

    def test_a_legacy_pin_that_expires_as_today(self):
        self.play("--profile", "legacy", "--expired-as", "invalid_grant")
        code = self.start_pin()["code"]
        self.sandbox.advance(900)
        self.expect_error(self.exchange(code), *INVALID_GRANT)

    def test_refresh_tokens_for_ever(self):
        self.play("--refresh-days", 0)
        grant = self.login()
        self.sandbox.advance(9 * 365 * 86400)
        self.renew(grant)

    def test_jwt_bytes(self):
        for wanted in (2000, 7168):
            self.play("--jwt-bytes", wanted)
            grant = self.login()
            self.assertIn(len(grant.access), range(wanted, wanted + 64))
            self.expect_api(self.api(grant.access), 0)

    def test_registered_only(self):
        known = new_client_id()
        self.play("--registered-only", "--client", known)
        self.expect_error(self.authorize(), 401, "invalid_client")
        self.assertEqual(self.login(client_id=known).client_id, known)

    def test_auto_approve(self):
        self.play("--auto-approve", 20)
        pending = self.start_pin()
        self.expect_error(self.exchange(pending["code"]), *PENDING)
        self.sandbox.advance(19)
        self.expect_error(self.exchange(pending["code"]), *PENDING)
        self.sandbox.advance(1)
        self.expect_json(self.exchange(pending["code"]), 200)
        declined = self.start_pin()
        self.sandbox.control("decline", pin=declined["ecobeePin"])
        self.sandbox.advance(20)
        self.expect_error(self.exchange(declined["code"]), 400, "access_denied")

    def test_auto_approve_at_once(self):
        self.play("--auto-approve", 0)
        self.expect_json(self.exchange(self.start_pin()["code"]), 200)

    def test_auto_approve_after_the_end(self):
        self.play("--auto-approve", 1000)
        pending = self.start_pin()
        self.sandbox.advance(2000)
        self.expect_error(self.exchange(pending["code"]), *INVALID_GRANT)

    def test_auto_decline(self):
        self.play("--auto-decline", 5)
        pending = self.start_pin()
        self.sandbox.advance(5)
        self.expect_error(self.exchange(pending["code"]), 400, "access_denied")


if __name__ == "__main__":
    main()
