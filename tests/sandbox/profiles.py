"""The two generations of the service as values (protocol.md 12), and the shapes that both share."""
import string

from sandbox_case import FROZEN, INVALID_GRANT, Case, Grant, new_client_id

ALPHANUMERICS = set(string.ascii_letters + string.digits)
BASE64URL = ALPHANUMERICS | set("-_")
PENDING = (401, "authorization_pending")
REGISTERED = {method: new_client_id() for method in ("pin", "code", "utility", "any")}
REGISTRATIONS = [argument for method, client_id in REGISTERED.items()
                 for argument in ("--client", client_id if method == "any" else f"{client_id}:{method}")]


class ProfileCase(Case):
    ARGUMENTS = None

    def both_styles(self, parameters, method="POST"):
        """The answers to a /token request with all in the form, all in the query, and shapes in between."""
        pairs = list(parameters.items()) if isinstance(parameters, dict) else parameters
        json_type = {"Content-Type": "application/json;charset=UTF-8"}
        yield "form", self.sandbox.request(method, "/token", form=pairs)
        yield "query, no body", self.sandbox.request(method, "/token", query=pairs)
        yield "query, empty form", self.sandbox.request(method, "/token", query=pairs, form=[])
        yield "query, body {}", self.sandbox.request(method, "/token", query=pairs, body="{}")
        yield "query, JSON type", self.sandbox.request(method, "/token", query=pairs, headers=json_type)
        yield "mixed", self.sandbox.request(method, "/token", query=pairs[:1], form=pairs[1:])

    def expect_tokens(self, answer, requested):
        value = self.expect_json(answer, 200)
        self.assertEqual(set(value), {"access_token", "token_type", "expires_in", "refresh_token", "scope"})
        self.assertEqual(value["token_type"], "Bearer")
        self.assertEqual(value["expires_in"], self.EXPIRES_IN)
        self.assertEqual(value["scope"], self.token_scope(requested))
        return Grant(self.client_id, answer)


class CurrentProfile(ProfileCase):
    ARGUMENTS = (*FROZEN, *REGISTRATIONS)
    PIN = "^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$"
    PIN_EXPIRES_IN = PIN_LIFE_S = 900
    INTERVAL_S = 5
    CODE_LENGTH, CODE_ALPHABET, CODES_WITH_BOTH = 24, BASE64URL, 6
    EXPIRED = INVALID_GRANT
    EXPIRES_IN = 3600
    ROTATES, ORDER_VARIES = False, True
    REFRESH_IDLE_S = 30 * 86400

    @staticmethod
    def authorize_scope(requested):
        return ",".join(["openid", "offline_access"] + ([requested] if requested else []))

    @staticmethod
    def token_scope(requested):
        return ",".join(["openid"] + ([requested] if requested else []) + ["offline_access"])


class LegacyProfile(ProfileCase):
    ARGUMENTS = (*FROZEN, "--profile", "legacy", *REGISTRATIONS)
    PIN = "^[a-z0-9]{4}$"
    PIN_EXPIRES_IN, PIN_LIFE_S = 9, 540  # told in minutes
    INTERVAL_S = 30
    CODE_LENGTH, CODE_ALPHABET, CODES_WITH_BOTH = 32, ALPHANUMERICS, 0
    EXPIRED = (401, "authorization_expired")
    EXPIRES_IN = 3599
    ROTATES, ORDER_VARIES = True, False
    REFRESH_IDLE_S = 365 * 86400

    @staticmethod
    def authorize_scope(requested):
        return requested

    token_scope = authorize_scope
