"""python-ecobee-api, the client under Home Assistant, at the sandbox: PIN, tokens, refresh, an expired access token, a revoked grant.

What it shows about the sandbox: it tells an expired token from a revoked one by HTTP 500 and the status codes 14 and 16 alone, and a dead
grant by 400 invalid_grant alone; with 401 in their place (as most services would answer) it would never refresh. Everything it sends
to /token stands in the query, beside a body that is "null" or missing."""
import importlib.metadata
import json
import os
import tempfile

from foreign_case import ForeignCase, main
from pyecobee import Ecobee
from pyecobee.errors import ExpiredTokenError, InvalidTokenError


class PythonEcobeeApi(ForeignCase):
    def client(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "ecobee.conf")
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump({"API_KEY": self.client_id}, file)
        client = Ecobee(config_filename=self.file)
        client.read_config_from_file()
        return client

    def logged_in(self):
        client = self.client()
        self.assertTrue(client.request_pin())
        self.sandbox.control("approve", pin=client.pin)
        self.assertTrue(client.request_tokens())
        return client

    def kept(self):
        with open(self.file, encoding="utf-8") as file:
            return json.load(file)

    def test_is_the_published_one(self):
        self.assertEqual(importlib.metadata.version("python-ecobee-api"), "0.4.4")

    def test_pin_and_tokens(self):
        for _ in self.each_profile():
            client = self.client()
            self.assertTrue(client.request_pin())
            self.assertEqual(len(client.pin), 9 if self.profile == "current" else 4)
            self.assertFalse(client.request_tokens())  # nobody has approved it
            self.assertEqual(self.requests_of("token"), [("POST", 401, "authorization_pending")])
            self.sandbox.control("approve", pin=client.pin)
            self.assertTrue(client.request_tokens())
            self.assertEqual(self.kept()["REFRESH_TOKEN"], client.refresh_token)
            self.assertTrue(client.get_thermostats())
            self.assertEqual(client.thermostats[0]["name"], "Sandbox")

    def test_declined_and_stale_pins(self):
        for _ in self.each_profile():
            client = self.client()
            client.request_pin()
            self.sandbox.control("decline", pin=client.pin)
            self.assertFalse(client.request_tokens())
            client.request_pin()
            self.sandbox.advance(900)
            if self.profile == "current":  # 400 invalid_grant, which Home Assistant met as an exception in its dialog
                self.assertRaises(InvalidTokenError, client.request_tokens)
            else:  # 401 authorization_expired
                self.assertFalse(client.request_tokens())

    def test_refresh(self):
        for _ in self.each_profile():
            client = self.logged_in()
            access, refresh = client.access_token, client.refresh_token
            self.assertTrue(client.refresh_tokens())
            self.assertNotEqual(client.access_token, access)
            self.assertEqual(client.refresh_token == refresh, self.profile == "current")
            self.assertEqual(self.kept()["ACCESS_TOKEN"], client.access_token)
            self.assertTrue(client.get_thermostats())

    def test_expired_access_token(self):
        """It refreshes by itself and asks again."""
        for _ in self.each_profile():
            client = self.logged_in()
            access = client.access_token
            self.sandbox.advance(3600)
            self.assertTrue(client.get_thermostats())
            self.assertNotEqual(client.access_token, access)
            self.assertEqual(self.requests_of("api"), [("GET", 500, "status 14"), ("GET", 200, "status 0")])
            self.assertEqual(self.requests_of("token")[1:], [("POST", 200, "ok")])

    def test_revoked(self):
        for _ in self.each_profile():
            client = self.logged_in()
            self.sandbox.control("revoke", client_id=self.client_id)
            self.assertRaises(InvalidTokenError, client.get_thermostats)
            self.assertRaises(InvalidTokenError, client.refresh_tokens)
            self.assertEqual(self.requests_of("api"), [("GET", 500, "status 16")])
            self.assertEqual(self.requests_of("token")[-1], ("POST", 400, "invalid_grant"))

    def test_key_disabled_by_ecobee(self):
        """Code 2 and 401 invalid_client are errors like any other to it."""
        for _ in self.each_profile():
            client = self.logged_in()
            self.sandbox.control("revoke", client_id=self.client_id, by="ecobee")
            self.assertFalse(client.get_thermostats())
            self.assertFalse(client.refresh_tokens())
            self.assertEqual(self.requests_of("token")[-1], ("POST", 401, "invalid_client"))

    def test_faults_reach_it(self):
        """An outage keeps its tokens; an early 14 whose token is still refused after the refresh goes up; so does invalid_grant."""
        for _ in self.each_profile():
            client = self.logged_in()
            refresh = client.refresh_token
            for fault in ({"name": "http_status", "status": 522}, {"name": "reset"}, {"name": "http_status", "status": 200, "body": "empty"},
                          {"name": "truncate", "bytes": 30, "announce": "cut", "at": "api"}):
                self.sandbox.control("fault", **fault)
                self.assertFalse(client.get_thermostats(), fault)
            self.assertEqual(client.refresh_token, refresh)
            self.sandbox.control("fault", name="api_error", code=14, count=2)
            self.assertRaises(ExpiredTokenError, client.get_thermostats)
            self.assertTrue(client.get_thermostats())
            self.sandbox.control("fault", name="oauth_error", error="invalid_grant")
            self.assertRaises(InvalidTokenError, client.refresh_tokens)
            self.assertTrue(client.refresh_tokens())  # with the same token: the refusal had no reason

    def test_lost_answer(self):
        """A strict server, and the answer to a refresh gets lost: the grant is gone, as its users know (home-assistant/core 34350)."""
        for _ in self.each_profile("--refresh-policy", "strict"):
            client = self.logged_in()
            self.sandbox.control("fault", name="drop_after_commit", at="token")
            self.assertFalse(client.refresh_tokens())
            self.assertRaises(InvalidTokenError, client.refresh_tokens)


if __name__ == "__main__":
    main()
