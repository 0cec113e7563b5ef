"""pyecobee, the Python client with all of the API, at the sandbox: PIN, tokens, refresh, an expired access token, a revoked grant.

What it shows about the sandbox: it sends the refresh token as `code`, everything in the query and no body at all; it takes an
answer apart by its declared members, so a member of another type or a missing one would show here; and it has no way of its own to
notice that something expired, so the status codes go up to its caller."""
import importlib.metadata

from foreign_case import ForeignCase, main
from pyecobee import EcobeeApiException, EcobeeAuthorizationException, EcobeeService, Scope, Selection, SelectionType

ALL = Selection(selection_type=SelectionType.REGISTERED.value, selection_match="", include_runtime=True)


class Pyecobee(ForeignCase):
    def logged_in(self, scope=Scope.SMART_WRITE):
        client = EcobeeService(thermostat_name="Sandbox", application_key=self.client_id, scope=scope)
        self.sandbox.control("approve", pin=client.authorize().ecobee_pin)
        self.tokens = client.request_tokens()
        return client

    def refused(self, call, error):
        with self.assertRaises(EcobeeAuthorizationException) as caught:
            call()
        self.assertEqual(caught.exception.error, error)
        self.assertEqual(caught.exception.error_uri, "https://tools.ietf.org/html/rfc6749#section-5.2")
        self.assertGreater(len(caught.exception.error_description), 10)

    def api_code(self, client):
        try:
            answer = client.request_thermostats_summary(ALL)
        except EcobeeApiException as problem:
            return problem.status_code, problem.status_message
        self.assertEqual((answer.thermostat_count, len(answer.revision_list)), (1, 1))
        return answer.status.code, answer.status.message

    def test_is_the_published_one(self):
        self.assertEqual(importlib.metadata.version("pyecobee"), "1.3.13")

    def test_pin_and_tokens(self):
        for _ in self.each_profile():
            client = EcobeeService(thermostat_name="Sandbox", application_key=self.client_id)
            answer = client.authorize()
            legacy = self.profile == "legacy"
            self.assertEqual((answer.expires_in, answer.interval), (9, 30) if legacy else (900, 5))
            self.assertEqual(len(answer.ecobee_pin), 4 if legacy else 9)
            self.refused(client.request_tokens, "authorization_pending")
            self.refused(client.request_tokens, "slow_down")
            self.sandbox.control("approve", pin=answer.ecobee_pin)
            tokens = client.request_tokens()
            self.assertEqual((tokens.token_type, tokens.expires_in), ("Bearer", 3599 if legacy else 3600))
            self.assertEqual(tokens.scope, "smartWrite" if legacy else "openid,smartWrite,offline_access")
            self.assertEqual(self.api_code(client), (0, ""))
            thermostat, = client.request_thermostats(ALL).thermostat_list
            self.assertEqual((thermostat.name, thermostat.runtime.connected), ("Sandbox", True))

    def test_stale_pin(self):
        for _ in self.each_profile():
            client = EcobeeService(thermostat_name="Sandbox", application_key=self.client_id)
            client.authorize()
            self.sandbox.advance(900)
            self.refused(client.request_tokens, "authorization_expired" if self.profile == "legacy" else "invalid_grant")

    def test_refresh(self):
        for _ in self.each_profile():
            client = self.logged_in()
            old = client.access_token
            renewed = client.refresh_tokens()
            self.assertNotEqual(renewed.access_token, old)
            self.assertEqual(renewed.refresh_token == self.tokens.refresh_token, self.profile == "current")
            self.assertEqual(self.api_code(client), (0, ""))
            refresh = [each for each in self.sandbox.log() if each["query"].get("grant_type") == "refresh_token"][-1]
            self.assertEqual((refresh["form"], "code" in refresh["query"], "refresh_token" in refresh["query"]), ({}, True, False))
            client.access_token = old
            self.assertEqual(self.api_code(client)[0], 14)

    def test_expired_access_token(self):
        for _ in self.each_profile():
            client = self.logged_in()
            self.sandbox.advance(3600)
            self.assertEqual(self.api_code(client), (14, "Authentication token has expired. Refresh your tokens."))
            client.refresh_tokens()
            self.assertEqual(self.api_code(client), (0, ""))

    def test_revoked(self):
        for _ in self.each_profile():
            client = self.logged_in()
            self.sandbox.control("revoke", client_id=self.client_id)
            self.assertEqual(self.api_code(client), (
                16, "Invalid token. Token has been deauthorized by user. You must re-request authorization."))
            self.refused(client.refresh_tokens, "invalid_grant")

    def test_seven_kilobytes(self):
        for _ in self.each_profile("--jwt-bytes", "7168"):
            client = self.logged_in()
            self.assertEqual(len(client.access_token) >= 7168, self.profile == "current")
            self.assertEqual(self.api_code(client), (0, ""))

    def test_read_only(self):
        for _ in self.each_profile():
            client = self.logged_in(Scope.SMART_READ)
            self.assertEqual(self.api_code(client), (0, ""))
            with self.assertRaises(EcobeeApiException) as caught:
                client.update_thermostats(ALL)
            self.assertEqual(caught.exception.status_code, 2)


if __name__ == "__main__":
    main()
