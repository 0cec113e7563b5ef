"""What the sandbox's tests share. Test programs are called NAME_test.py SANDBOX [unittest arguments]."""
import json
import os
import random
import string
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sandbox_process import PATIENCE_S, SandboxProcess, wait_for  # noqa: E402, F401 (handed on)

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
# With this scale time stands practically still, so that only the clock's control moves it and no test depends on luck.
FROZEN = ("--time-scale", "0.001")
INVALID_GRANT = (400, "invalid_grant")


def new_client_id():
    return "".join(random.choices(string.ascii_letters + string.digits, k=32))


class Grant:
    """The tokens of one login, and the latest answer they came in."""

    def __init__(self, client_id, answer):
        self.client_id = client_id
        self.take(answer)

    def take(self, answer):
        self.answer = answer.json()
        self.access, self.refresh = self.answer["access_token"], self.answer["refresh_token"]


class Case(unittest.TestCase):
    """The protocol in words. Each test class says in ARGUMENTS how its sandbox is started, once for all its tests, which
    keep out of each other's way by client ids of their own."""

    ARGUMENTS = FROZEN
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if cls.ARGUMENTS is not None:
            cls.sandbox = SandboxProcess(PROGRAM, *cls.ARGUMENTS)
            cls.addClassCleanup(cls.sandbox.stop)

    def setUp(self):
        self.client_id = new_client_id()

    def new_sandbox(self, *arguments, **options):
        sandbox = SandboxProcess(PROGRAM, *arguments, **options)
        self.addCleanup(sandbox.stop)
        return sandbox

    # --- The protocol -------------------------------------------------------------------------------------------------

    def authorize(self, scope="smartRead", client_id=None):
        return self.sandbox.request("GET", "/authorize", query={
            "response_type": "ecobeePin", "client_id": client_id or self.client_id, "scope": scope})

    def start_pin(self, scope="smartRead", client_id=None):
        answer = self.authorize(scope, client_id)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def exchange(self, code, client_id=None):
        return self.sandbox.request("POST", "/token", form={
            "grant_type": "ecobeePin", "code": code, "client_id": client_id or self.client_id})

    def login(self, scope="smartRead", client_id=None):
        """PIN, approval, exchange."""
        client_id = client_id or self.client_id
        pending = self.start_pin(scope, client_id)
        self.sandbox.control("approve", pin=pending["ecobeePin"])
        answer = self.exchange(pending["code"], client_id)
        self.assertEqual(answer.status, 200, answer)
        return Grant(client_id, answer)

    def refresh(self, token, client_id=None):
        return self.sandbox.request("POST", "/token", form={
            "grant_type": "refresh_token", "refresh_token": token, "client_id": client_id or self.client_id})

    def renew(self, grant):
        """Refreshes `grant`, which must succeed."""
        answer = self.refresh(grant.refresh, grant.client_id)
        self.assertEqual(answer.status, 200, answer)
        grant.take(answer)
        return grant

    def api(self, access, method="GET", path="/1/thermostatSummary"):
        return self.sandbox.request(method, path, headers={"Authorization": "Bearer " + access},
                                    body="{}" if method == "POST" else None)

    # --- Expectations -------------------------------------------------------------------------------------------------

    def expect_json(self, answer, status):
        """As both generations write it: pretty-printed with two spaces, never kept, never with a challenge."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/json;charset=UTF-8")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertIsNone(answer.headers["WWW-Authenticate"])
        value = answer.json()
        self.assertEqual(answer.text, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
        return value

    def expect_error(self, answer, status, error):
        value = self.expect_json(answer, status)
        self.assertEqual(value["error"], error, answer)
        self.assertEqual(set(value), {"error", "error_description", "error_uri"})
        self.assertEqual(value["error_uri"], "https://tools.ietf.org/html/rfc6749#section-5.2")
        self.assertGreater(len(value["error_description"]), 10)
        return value

    def expect_api(self, answer, code):
        """Token problems come as HTTP 500."""
        value = self.expect_json(answer, 200 if code == 0 else 500)
        self.assertEqual(value["status"]["code"], code, answer)
        return value


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
