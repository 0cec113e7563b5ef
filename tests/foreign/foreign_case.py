"""What the tests of other people's clients share. The packages are as their authors published them; nothing in them is changed. Both
have ecobee's address built in, so their way out is bent below them: what they send to api.ecobee.com goes to the sandbox, and anything
else is an error."""
import os
import pathlib
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("sandbox", "support")]
import requests  # noqa: E402 (of the client's own environment)
from sandbox_case import PROGRAM, new_client_id  # noqa: E402
from sandbox_process import SandboxProcess  # noqa: E402

ECOBEE = "https://api.ecobee.com/"
PROFILES = ("current", "legacy")


def send_to(sandbox):
    """From now on, what is meant for ecobee goes there. A process of the test has one sandbox at a time."""
    def request(self, method, url, **what):
        if not url.startswith(ECOBEE):
            raise AssertionError(f"the client wants to go to {url}")
        return original(self, method, sandbox.url + "/" + url[len(ECOBEE):], **what)
    requests.Session.request = request


original = requests.Session.request
# Else requests would try a proxy of the environment's.
os.environ["no_proxy"] = "*"


class ForeignCase(unittest.TestCase):
    def each_profile(self, *arguments):
        """A sandbox for each generation of the service, whose clock stands still."""
        for profile in PROFILES:
            with self.subTest(profile), SandboxProcess(PROGRAM, "--time-scale", "0.001", "--profile", profile, *arguments) as sandbox:
                self.sandbox, self.profile, self.client_id = sandbox, profile, new_client_id()
                send_to(sandbox)
                yield

    def requests_of(self, endpoint):
        return [(each["method"], each["status"], each["outcome"]) for each in self.sandbox.log() if each["endpoint"] == endpoint]


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
