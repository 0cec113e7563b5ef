"""Scenario files: steps at times and before requests, played the same way again and again; what is wrong in one is said at once."""
import os
import shutil
import subprocess
import tempfile

from sandbox_case import FROZEN, INVALID_GRANT, PATIENCE_S, PROGRAM, Case, main

STORY = """
# A refresh whose answer is lost, an outage of ten minutes, an early end of all access tokens, the user's removal.
at 0        policy refresh=grace grace_s=60
on 3 token  fault name=drop_after_commit     # the first two are the login
at 3600     fault name=http_status status=503 for_s=600
at 9000     expire what=access
at 9000.5   revoke all=true
on 2 authorize  fault name=member member=code
on 2 authorize  fault name=http_status status=502 at=token count=-1
at 20000    DELETE fault
"""


class Scenario(Case):
    ARGUMENTS = None

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "story")

    def write(self, text):
        with open(self.path, "w", encoding="ascii") as file:
            file.write(text)

    def play(self):
        """What a client sees of STORY."""
        self.sandbox = self.new_sandbox(*FROZEN, "--scenario", self.path)
        pending = self.start_pin()
        seen = [self.exchange(pending["code"]).status]
        self.sandbox.control("approve", all="true")
        tokens = self.exchange(pending["code"]).json()
        try:
            seen.append(self.refresh(tokens["refresh_token"]).status)
        except ConnectionError as lost:
            seen.append(type(lost).__name__)
        answer = self.refresh(tokens["refresh_token"])
        seen.append(answer.status)
        tokens = answer.json()
        self.sandbox.advance(3599)
        seen.append(self.authorize_elsewhere())
        self.sandbox.advance(1)
        seen.append(self.authorize_elsewhere())
        self.sandbox.advance(600)
        seen.append(self.authorize_elsewhere())
        answer = self.refresh(tokens["refresh_token"])
        tokens = answer.json()
        self.sandbox.advance(3000)
        seen.append(self.api(tokens["access_token"]).json()["status"]["code"])
        for seconds in (1800, 1):
            self.sandbox.advance(seconds)
            seen.append(self.api(tokens["access_token"]).json()["status"]["code"])
        seen.append(sorted(self.authorize().json()))
        seen.append(self.refresh("x").status)
        self.sandbox.advance(11000)
        seen.append(self.refresh("x").status)
        self.assertEqual(self.sandbox.errors(), "")
        return seen

    def authorize_elsewhere(self):
        return self.api("x").status

    def test_again_and_again(self):
        self.write(STORY)
        first = self.play()
        self.assertEqual(first, [401, "RemoteDisconnected", 200, 500, 503, 500, 0, 14, 16,
                                 ["ecobeePin", "expires_in", "interval", "scope"], 502, 400])
        self.assertEqual(self.play(), first)

    def test_a_window_counts_from_its_own_time(self):
        """Though nobody asked meanwhile."""
        self.write("at 100 fault name=http_status status=503 for_s=600\n")
        for advance, status in ((650, 503), (750, 500)):
            self.sandbox = self.new_sandbox(*FROZEN, "--scenario", self.path)
            self.sandbox.advance(advance)
            self.assertEqual(self.api("x").status, status)

    def test_time_scale(self):
        """Ten hours in half a second."""
        self.write("at 36000 policy pin_length=4\n")
        self.sandbox = self.new_sandbox("--time-scale", 72000, "--scenario", self.path)
        while len(self.start_pin()["ecobeePin"]) != 4:
            pass

    def test_a_step_that_finds_nothing(self):
        self.write("on 1 api approve pin=XXXX-XXXX\n")
        self.sandbox = self.new_sandbox("--scenario", self.path)
        self.expect_api(self.api("x"), 1)
        self.assertIn(f"{self.path}:1: ", self.sandbox.errors())

    def test_refuses(self):
        """With the line that is wrong, before it serves anybody."""
        rows = ["later fault name=reset", "at", "at soon fault name=reset", "at -1 fault name=reset", "at 1", "at 1e9 revoke all=true",
                "at 1 dance", "at 1 log", "at 1 fault", "at 1 fault name=nothing", "at 1 fault name=reset what=x",
                "on token fault name=reset", "on 0 token fault name=reset", "on 1 portal fault name=reset", "on 1 token",
                "at 1 DELETE policy", "at 1 policy refresh=x", "at 1 expire what=x", "at 1 clock step_s=%zz", "at nan revoke all=true"]
        for row in rows:
            with self.subTest(row):
                self.write("# fine\nat 1 fault name=reset\n" + row + "\n")
                run = subprocess.run([PROGRAM, "--port", "0", "--scenario", self.path], capture_output=True, text=True,
                                     timeout=PATIENCE_S)
                self.assertEqual((run.returncode, run.stdout), (1, ""))
                self.assertIn(f"{self.path}:3: ", run.stderr)
                self.assertNotRegex(run.stderr, ':3: ".*"$')
        run = subprocess.run([PROGRAM, "--scenario", self.path + "x"], capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn(self.path + "x", run.stderr)


if __name__ == "__main__":
    main()
