"""protocol.md 2, 3.6 and 5: what /token refuses, refreshing, and the shapes of tokens, in both generations and all styles of
parameters."""
import base64
import hashlib
import json
import re

from profiles import BASE64URL, REGISTERED, CurrentProfile, LegacyProfile
from sandbox_case import INVALID_GRANT, main, new_client_id


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Token:
    def test_token_refuses(self):
        pending = self.start_pin()
        grant = self.login()
        pin = {"grant_type": "ecobeePin", "code": pending["code"], "client_id": self.client_id}
        refresh = {"grant_type": "refresh_token", "refresh_token": grant.refresh, "client_id": self.client_id}
        code = {"grant_type": "authorization_code", "code": "x" * 24, "redirect_uri": "https://example.com/",
                "client_id": self.client_id}
        rows = [
            # request, what changes                          status, error
            (pin, {"grant_type": None}, 400, "invalid_request"),
            (pin, {"grant_type": ""}, 400, "invalid_request"),
            (pin, {"grant_type": "password"}, 400, "unsupported_grant_type"),
            (pin, {"grant_type": "ECOBEEPIN"}, 400, "unsupported_grant_type"),
            (pin, {"code": None}, 400, "invalid_request"),
            (pin, {"code": ""}, 400, "invalid_request"),
            (pin, {"code": pending["ecobeePin"]}, *INVALID_GRANT),  # the PIN by mistake
            (pin, {"code": "never-given-out"}, *INVALID_GRANT),
            (pin, {"client_id": None}, 400, "invalid_request"),
            (pin, {"client_id": "null"}, 401, "invalid_client"),
            (pin, {"client_id": new_client_id()}, *INVALID_GRANT),  # another application's code
            (pin, {"client_id": REGISTERED["code"]}, 400, "unauthorized_client"),
            (refresh, {"refresh_token": None}, 400, "invalid_request"),
            (refresh, {"refresh_token": ""}, 400, "invalid_request"),
            (refresh, {"refresh_token": "never-given-out"}, *INVALID_GRANT),
            (refresh, {"refresh_token": grant.access}, *INVALID_GRANT),
            (refresh, {"client_id": None}, 400, "invalid_request"),
            (refresh, {"client_id": "null"}, 401, "invalid_client"),
            (refresh, {"client_id": new_client_id()}, *INVALID_GRANT),
            (code, {}, *INVALID_GRANT),
            (code, {"redirect_uri": None}, 400, "invalid_request"),
            (code, {"code": None}, 400, "invalid_request"),
            (code, {"client_id": REGISTERED["pin"]}, 400, "unauthorized_client"),
        ]
        for request, change, status, error in rows:
            parameters = {name: value for name, value in {**request, **change}.items() if value is not None}
            for style, answer in self.both_styles(parameters):
                with self.subTest(request=request["grant_type"], change=change, style=style):
                    self.expect_error(answer, status, error)
        for name in pin:
            twice = list(pin.items()) + [(name, pin[name])]
            self.expect_error(self.sandbox.request("POST", "/token", form=twice), 400, "invalid_request")
            self.expect_error(self.sandbox.request("POST", "/token", query=twice), 400, "invalid_request")

    def test_token_takes_post_alone(self):
        grant = self.login()
        parameters = {"grant_type": "refresh_token", "refresh_token": grant.refresh, "client_id": self.client_id}
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
            self.expect_error(self.sandbox.request(method, "/token", query=parameters), 400, "not_supported")
        self.sandbox.control("policy", get_token="true")
        try:
            self.expect_tokens(self.sandbox.request("GET", "/token", query=parameters), "smartRead")
        finally:
            self.sandbox.control("policy", get_token="false")

    def test_refresh_in_each_style(self):
        grant = self.login("smartRead,smartWrite")
        for parameter in ("refresh_token", "code"):
            for style in range(6):
                parameters = {"grant_type": "refresh_token", parameter: grant.refresh, "client_id": self.client_id,
                              "ecobee_type": "jwt", "scope": "tolerated"}
                answers = list(self.both_styles(parameters))
                self.expect_tokens(answers[0][1], "smartRead,smartWrite")
                first = answers[0][1].json()
                for name, answer in answers[1:]:
                    with self.subTest(parameter=parameter, style=name):
                        if self.ROTATES:
                            self.expect_error(answer, *INVALID_GRANT)
                        else:
                            self.expect_tokens(answer, "smartRead,smartWrite")
                grant.take(answers[0][1])
                self.assertEqual(grant.answer, first)

    def test_refresh_rotates_or_not(self):
        grant = self.login()
        before = grant.refresh
        self.renew(grant)
        self.assertEqual(grant.refresh != before, self.ROTATES)

    def test_refresh_ends_the_old_access_token(self):
        grant = self.login()
        old = grant.access
        self.expect_api(self.api(old), 0)
        self.renew(grant)
        self.assertNotEqual(grant.access, old)
        self.expect_api(self.api(old), 14)
        self.expect_api(self.api(grant.access), 0)

    def test_unused_refresh_token_dies(self):
        grant = self.login()
        self.sandbox.advance(self.REFRESH_IDLE_S - 10)
        self.renew(grant)
        self.sandbox.advance(self.REFRESH_IDLE_S)
        self.expect_error(self.refresh(grant.refresh), *INVALID_GRANT)

    def test_member_order(self):
        grant = self.login()
        orders = {tuple(self.renew(grant).answer) for _ in range(20)}
        self.assertEqual(len(orders) > 1, self.ORDER_VARIES)


class CurrentToken(Token, CurrentProfile):
    def test_refresh_tokens(self):
        tokens = [self.login().refresh for _ in range(6)]
        self.assertEqual({token.startswith("v1.") for token in tokens}, {True, False})
        for token in tokens:
            self.assertIn(len(token), range(45, 49))
            self.assertTrue(token.removeprefix("v1.").startswith("sandbox"))
            self.assertLessEqual(set(token), BASE64URL | {"."})
            self.assertIn("-", token)
            self.assertIn("_", token)

    def test_access_token_is_a_signed_jwt(self):
        grant = self.login("smartRead,smartWrite")
        self.assertLessEqual(set(grant.access), BASE64URL | {"."})
        head, payload, signature = grant.access.split(".")
        header, claims = json.loads(from_base64url(head)), json.loads(from_base64url(payload))
        self.assertEqual(set(header), {"alg", "typ", "kid"})
        self.assertEqual((header["alg"], header["typ"]), ("RS256", "JWT"))
        self.assertEqual(claims["iss"], "https://auth.ecobee.com/")
        self.assertRegex(claims["sub"], r"^auth0\|[0-9a-f-]{36}$")
        self.assertEqual(claims["aud"], ["https://developer-apps.ecobee.com/api/v1",
                                         "https://ecobee-prod.auth0.com/userinfo"])
        self.assertEqual(claims["azp"], self.client_id)
        self.assertIn("sandbox", claims["sandbox"])
        self.assertEqual(claims["exp"] - claims["iat"], 3600)
        self.assertEqual(claims["scope"], "openid smartRead smartWrite offline_access")
        self.assertRegex(claims["https://claims.ecobee.com/ecobee_account_id"], "^[0-9a-f-]{36}$")
        now_s = self.sandbox.state()["now_ms"] / 1000
        self.assertLess(abs(claims["iat"] - now_s), 10)

        keys = self.expect_json(self.sandbox.request("GET", "/.well-known/jwks.json"), 200)["keys"]
        key, = [key for key in keys if key["kid"] == header["kid"]]
        self.assertEqual((key["kty"], key["alg"], key["use"]), ("RSA", "RS256", "sig"))
        self.assertTrue(self.signed(f"{head}.{payload}".encode(), signature, key))
        self.assertFalse(self.signed(f"{head}.{payload}x".encode(), signature, key))
        renewed = json.loads(from_base64url(self.renew(grant).access.split(".")[1]))
        self.assertEqual(renewed["sub"], claims["sub"])
        self.assertNotEqual(renewed["jti"], claims["jti"])

    @staticmethod
    def signed(message, signature, key):
        """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.2), without a library that the sandbox might share."""
        modulus, exponent = (int.from_bytes(from_base64url(key[name]), "big") for name in "ne")
        size = (modulus.bit_length() + 7) // 8
        opened = pow(int.from_bytes(from_base64url(signature), "big"), exponent, modulus).to_bytes(size, "big")
        digest_info = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(message).digest()
        return opened == b"\0\1" + b"\xff" * (size - len(digest_info) - 3) + b"\0" + digest_info


class LegacyToken(Token, LegacyProfile):
    def test_opaque_tokens(self):
        grant = self.login()
        for token in (grant.access, grant.refresh, self.renew(grant).access, grant.refresh):
            self.assertTrue(re.fullmatch("sandbox[A-Za-z0-9]{25}", token))

    def test_no_keys(self):
        self.assertEqual(self.sandbox.request("GET", "/.well-known/jwks.json").status, 404)


if __name__ == "__main__":
    main()
