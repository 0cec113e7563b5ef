"""Each open question of protocol.md 11 that has a switch: the answer with it. The answer without it is tested elsewhere."""
from profiles import PENDING
from sandbox_case import FROZEN, INVALID_GRANT, Case, main, new_client_id


class Switches(Case):
    ARGUMENTS = None

    def play(self, *arguments):
        self.sandbox = self.new_sandbox(*FROZEN, *arguments)

    def test_pin_length(self):
        for length, pattern in ((4, "^[a-z0-9]{4}$"), (9, "^.{4}-.{4}$"), (10, "^[A-Z0-9]{10}$")):
            self.play("--pin-length", length)
            self.assertRegex(self.start_pin()["ecobeePin"], pattern)

    def test_expired_as(self):
        for profile, name, expected in (("current", "authorization_expired", (401, "authorization_expired")),
                                        ("legacy", "invalid_grant", INVALID_GRANT)):
            self.play("--profile", profile, "--expired-as", name)
            code = self.start_pin()["code"]
            self.sandbox.advance(900)
            self.expect_error(self.exchange(code), *expected)

    def test_slow_down_status(self):
        self.play("--slow-down-status", 429)
        code = self.start_pin()["code"]
        self.exchange(code)
        self.expect_error(self.exchange(code), 429, "slow_down")

    def test_times(self):
        self.play("--pin-seconds", 120, "--interval", 2, "--access-seconds", 10, "--refresh-days", 0.5)
        pending = self.start_pin()
        self.assertEqual((pending["expires_in"], pending["interval"]), (120, 2))
        self.exchange(pending["code"])
        self.sandbox.advance(2)
        self.expect_error(self.exchange(pending["code"]), *PENDING)
        self.sandbox.advance(118)
        self.expect_error(self.exchange(pending["code"]), *INVALID_GRANT)
        grant = self.login()
        self.assertEqual(grant.answer["expires_in"], 10)
        self.sandbox.advance(10)
        self.expect_api(self.api(grant.access), 14)
        self.sandbox.advance(86400 // 2 - 10)
        self.expect_error(self.refresh(grant.refresh), *INVALID_GRANT)

    def test_refresh_tokens_for_ever(self):
        self.play("--refresh-days", 0)
        grant = self.login()
        self.sandbox.advance(9 * 365 * 86400)
        self.renew(grant)

    def test_keep_old_access(self):
        self.play("--keep-old-access")
        grant = self.login()
        old = grant.access
        self.renew(grant)
        self.expect_api(self.api(old), 0)

    def test_allow_get_token(self):
        self.play("--allow-get-token")
        grant = self.login()
        answer = self.sandbox.request("GET", "/token", query={
            "grant_type": "refresh_token", "code": grant.refresh, "client_id": self.client_id})
        self.expect_json(answer, 200)

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
