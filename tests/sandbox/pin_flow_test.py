"""protocol.md 3: /authorize and the exchange of a PIN's code, in both generations and all styles of parameters."""
from profiles import PENDING, REGISTERED, CurrentProfile, LegacyProfile
from sandbox_case import INVALID_GRANT, main


class PinFlow:
    def test_authorize(self):
        for requested in ("smartRead", "smartWrite", "smartRead,smartWrite,ems", "smartwrite"):
            with self.subTest(scope=requested):
                value = self.expect_json(self.authorize(requested), 200)
                self.assertEqual(set(value), {"ecobeePin", "code", "scope", "expires_in", "interval"})
                self.assertRegex(value["ecobeePin"], self.PIN)
                self.assertEqual(value["expires_in"], self.PIN_EXPIRES_IN)
                self.assertEqual(value["interval"], self.INTERVAL_S)
                self.assertEqual(value["scope"], self.authorize_scope(requested))

    def test_authorize_without_scope(self):
        answer = self.sandbox.request("GET", "/authorize",
                                      query={"response_type": "ecobeePin", "client_id": self.client_id})
        self.assertEqual(self.expect_json(answer, 200)["scope"], self.authorize_scope(""))

    def test_codes(self):
        codes = [self.start_pin()["code"] for _ in range(12)]
        self.assertEqual(len(set(codes)), len(codes))
        for code in codes:
            self.assertEqual(len(code), self.CODE_LENGTH)
            self.assertLessEqual(set(code), self.CODE_ALPHABET)
        with_both = sum("-" in code and "_" in code for code in codes)
        self.assertGreaterEqual(with_both, self.CODES_WITH_BOTH)

    def test_authorize_tolerates(self):
        query = {"response_type": "ecobeePin", "client_id": self.client_id, "scope": "smartRead", "format": "json",
                 "unknown": "x"}
        for kind in ("application/json;charset=UTF-8", "application/x-www-form-urlencoded", "text/json"):
            self.expect_json(self.sandbox.request("GET", "/authorize", query=query, headers={"Content-Type": kind}), 200)

    def test_authorize_refuses(self):
        good = {"response_type": "ecobeePin", "client_id": self.client_id, "scope": "smartRead"}
        rows = [
            # what changes                                   status, error
            ({"client_id": None}, 400, "invalid_request"),
            ({"client_id": ""}, 400, "invalid_request"),
            ({"client_id": "tooShort"}, 401, "invalid_client"),
            ({"client_id": self.client_id + "x"}, 401, "invalid_client"),
            ({"client_id": self.client_id[:-1] + "-"}, 401, "invalid_client"),
            ({"client_id": "null"}, 401, "invalid_client"),
            ({"client_id": REGISTERED["code"]}, 400, "unauthorized_client"),
            ({"client_id": REGISTERED["utility"]}, 400, "unauthorized_client"),
            ({"response_type": None}, 400, "invalid_request"),
            ({"response_type": "pin"}, 400, "invalid_request"),
            ({"scope": "s" * 1025}, 400, "invalid_scope"),
        ]
        for change, status, error in rows:
            with self.subTest(change=change):
                query = {name: value for name, value in {**good, **change}.items() if value is not None}
                self.expect_error(self.sandbox.request("GET", "/authorize", query=query), status, error)
        for client_id in (REGISTERED["pin"], REGISTERED["any"]):
            self.expect_json(self.authorize(client_id=client_id), 200)
        twice = list(good.items()) + [("client_id", self.client_id)]
        self.expect_error(self.sandbox.request("GET", "/authorize", query=twice), 400, "invalid_request")
        for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS"):
            answer = self.sandbox.request(method, "/authorize", query=good)
            self.assertEqual(answer.status, 400, answer)
            if method != "HEAD":
                self.expect_error(answer, 400, "not_supported")

    def test_exchange(self):
        """Until the user decides: pending. Then tokens, once."""
        for style in range(6):
            pending = self.start_pin("smartWrite")
            parameters = {"grant_type": "ecobeePin", "code": pending["code"], "client_id": self.client_id}
            polls = self.both_styles(parameters)
            for _ in range(style):
                next(polls)
                self.sandbox.advance(self.INTERVAL_S)
            name, answer = next(polls)
            with self.subTest(style=name):
                self.expect_error(answer, *PENDING)
                self.sandbox.control("approve", pin=pending["ecobeePin"])
                tokens = list(self.both_styles(parameters))
                self.expect_tokens(tokens[0][1], "smartWrite")
                for other, again in tokens[1:]:
                    with self.subTest(again=other):
                        self.expect_error(again, *INVALID_GRANT)

    def test_each_style_brings_tokens(self):
        extras = {"ecobee_type": "jwt", "scope": "smartRead", "redirect_uri": "https://example.com/x", "state": "s",
                  "format": "json", "timeout": "30", "client_secret": ""}
        for more in ({}, extras):
            for style in range(6):
                pending = self.start_pin()
                self.sandbox.control("approve", pin=pending["ecobeePin"])
                parameters = {"grant_type": "ecobeePin", "code": pending["code"], "client_id": self.client_id, **more}
                pairs = list(parameters.items())
                shapes = [{"form": pairs}, {"query": pairs}, {"query": pairs, "form": []}, {"query": pairs, "body": "{}"},
                          {"query": pairs, "headers": {"Content-Type": "text/json"}},
                          {"query": pairs[:2], "form": pairs[2:]}]
                with self.subTest(shape=list(shapes[style]), extras=bool(more)):
                    self.expect_tokens(self.sandbox.request("POST", "/token", **shapes[style]), "smartRead")

    def test_too_fast(self):
        code = self.start_pin()["code"]
        self.expect_error(self.exchange(code), *PENDING)
        self.expect_error(self.exchange(code), 401, "slow_down")
        self.sandbox.advance(self.INTERVAL_S - 1)
        self.expect_error(self.exchange(code), 401, "slow_down")
        self.sandbox.advance(self.INTERVAL_S)
        self.expect_error(self.exchange(code), *PENDING)
        other = self.start_pin()["code"]
        self.expect_error(self.exchange(other), *PENDING)

    def test_approval_beats_the_interval(self):
        pending = self.start_pin()
        self.expect_error(self.exchange(pending["code"]), *PENDING)
        self.sandbox.control("approve", pin=pending["ecobeePin"])
        self.expect_tokens(self.exchange(pending["code"]), "smartRead")

    def test_expired(self):
        pending = self.start_pin()
        self.sandbox.advance(self.PIN_LIFE_S - 1)
        self.expect_error(self.exchange(pending["code"]), *PENDING)
        self.sandbox.advance(1)
        self.expect_error(self.exchange(pending["code"]), *self.EXPIRED)
        late = self.sandbox.request("POST", "/sandbox/approve", form={"pin": pending["ecobeePin"]})
        self.assertEqual(late.status, 404, late)
        self.expect_error(self.exchange(pending["code"]), *self.EXPIRED)

    def test_approved_but_fetched_too_late(self):
        pending = self.start_pin()
        self.sandbox.control("approve", pin=pending["ecobeePin"])
        self.sandbox.advance(self.PIN_LIFE_S)
        self.expect_error(self.exchange(pending["code"]), *self.EXPIRED)

    def test_declined(self):
        pending = self.start_pin()
        self.sandbox.control("decline", pin=pending["ecobeePin"])
        for _ in range(2):
            self.expect_error(self.exchange(pending["code"]), 400, "access_denied")

    def test_pin_typed_like_a_person(self):
        for typed in (str.lower, str.upper, lambda pin: pin.replace("-", ""), lambda pin: " " + pin.replace("-", " ")):
            pending = self.start_pin()
            self.sandbox.control("approve", pin=typed(pending["ecobeePin"]))
            self.expect_tokens(self.exchange(pending["code"]), "smartRead")

    def test_member_order(self):
        orders = {tuple(self.start_pin()) for _ in range(20)}
        self.assertEqual(len(orders) > 1, self.ORDER_VARIES)


class CurrentPinFlow(PinFlow, CurrentProfile):
    pass


class LegacyPinFlow(PinFlow, LegacyProfile):
    pass


if __name__ == "__main__":
    main()
