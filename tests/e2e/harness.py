"""What the end-to-end tests share: the real tool, the real sandbox, and folders that go away.

Test programs are called with the paths of both programs: NAME_test.py ECOAUTH SANDBOX [part of a test's name ...].
"""
import concurrent.futures
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sandbox_process import PATIENCE_S, SandboxProcess, wait_for  # noqa: E402, F401 (handed on)

ECOAUTH, SANDBOX = (os.path.abspath(path) for path in sys.argv[1:3])
END_PATIENCE_S = 3 * PATIENCE_S  # some refusals are believed after half a minute only
CLIENT_ID = "Canary0KeyCanary0KeyCanary0Key01"
OTHER_CLIENT_ID = "Another1KeyAnother1KeyAnother1Ke"
SHORT_LIVED = ("--access-seconds", "500")  # tokens that may be refreshed again at once, not once a minute


class Sandbox(SandboxProcess):
    """A sandbox process of one's own, to be polled every second."""

    def __init__(self, *arguments, ca_file=None):
        self.ca_file = ca_file
        super().__init__(SANDBOX, "--interval", "1", *arguments)

    def connect(self, ca_file=None, **options):
        return super().connect(ca_file or self.ca_file, **options)


class Run:
    """One ended call of the tool."""

    def __init__(self, arguments, exit_code, out, err):
        self.arguments, self.exit_code, self.out, self.err = arguments, exit_code, out, err

    def objects(self):
        """Standard output of --json: every line one object."""
        lines = [json.loads(line) for line in self.out.splitlines()]
        assert all(isinstance(line, dict) and "type" in line for line in lines), self.out
        return lines

    def object(self, kind):
        found = [line for line in self.objects() if line["type"] == kind]
        assert len(found) == 1, f"not one {kind} in {self.out}"
        return found[0]

    def __str__(self):
        return f"ecoauth {' '.join(self.arguments)}\nexit code {self.exit_code}\n-- out\n{self.out}\n-- err\n{self.err}"


class Tool:
    """Calls of ecoauth with one store and one client id."""

    def __init__(self, folder, server=None, client_id=CLIENT_ID):
        self.store = os.path.join(folder, "state", "ecoauth")
        self.environment = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_STATE_HOME": os.path.join(folder, "state"),
                            **{name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")}}
        if server:
            self.environment["ECOAUTH_SERVER"] = server
        if client_id:
            self.environment["ECOAUTH_CLIENT_ID"] = client_id
        self.program, self.prefix = ECOAUTH, []
        self.runs = []
        self.begun = {}

    def start(self, *arguments, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "bufsize": 0, **options}
        return subprocess.Popen([*self.prefix, self.program, *arguments], env=self.environment, **options)

    def read_until(self, process, pattern):
        """Reads standard error until the pattern is there; returns the match. end() gives what was read, too."""
        begin = self.begun.setdefault(process.pid, bytearray())
        end = time.monotonic() + PATIENCE_S
        while not (match := re.search(pattern, begin.decode())):
            ready, _, _ = select.select([process.stderr], [], [], max(0, end - time.monotonic()))
            piece = os.read(process.stderr.fileno(), 4096) if ready else b""
            assert piece, f"no {pattern} in {begin.decode()}"
            begin += piece
        return match

    def read_pin(self, process):
        return self.read_until(process, r"(?m)^PIN: +(\S+)$")[1]

    def end(self, process, arguments=(), data=None):
        """Waits for the end; the process is ended when it does not come."""
        try:
            out, err = process.communicate(data, timeout=END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            out, err = process.communicate()
            raise AssertionError(f"no end: {Run(arguments, None, out.decode(), err.decode())}") from None
        err = self.begun.pop(process.pid, b"") + err
        run = Run(arguments, process.returncode, out.decode(), err.decode())
        self.runs.append(run)
        return run

    def run(self, *arguments, data=None, **options):
        process = self.start(*arguments, **({"stdin": subprocess.PIPE} if data is not None else {}), **options)
        return self.end(process, arguments, data)

    def files(self):
        """Every file of the store with its bytes."""
        found = {}
        for folder, _, names in os.walk(self.store):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    found[name] = file.read()
        return found


class Case(unittest.TestCase):
    """A test with a folder of its own; a sandbox when it wants one."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="ecoauth-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def sandbox(self, *arguments, **options):
        sandbox = Sandbox(*arguments, **options)
        self.addCleanup(sandbox.stop)
        return sandbox

    def tool(self, sandbox=None, **options):
        return Tool(self.folder, sandbox.url if sandbox else None, **options)

    def expect(self, run, exit_code, *words):
        """The exit code, and words that standard error must hold."""
        self.assertEqual(run.exit_code, exit_code, str(run))
        for word in words:
            self.assertIn(word, run.err, str(run))
        return run

    def expect_failure(self, run, exit_code, *words):
        """Says what happened and what to do."""
        self.expect(run, exit_code, "ecoauth: ", "What to do: ", *words)
        advice = run.err.split("What to do: ", 1)[1].splitlines()[0]
        self.assertGreater(len(advice), 10, str(run))
        self.assertNotIn("\x1b", run.err)
        return run

    def login(self, tool, sandbox, *arguments):
        process = tool.start("login", *arguments)
        sandbox.control("approve", pin=tool.read_pin(process))
        return self.expect(tool.end(process, ("login", *arguments)), 0)


def run_one(test):
    result = unittest.TestResult()
    begin = time.monotonic()
    test.run(result)
    return test, result, time.monotonic() - begin


def tests_of(suite):
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from tests_of(each)
        else:
            yield each


def main(side_by_side=6):
    """Runs the tests of the calling program, or those whose names hold one of the given words, side by side: they wait more
    than they compute, and share nothing."""
    words = sys.argv[3:]
    tests = [test for test in tests_of(unittest.defaultTestLoader.loadTestsFromName("__main__"))
             if not words or any(word in test.id() for word in words)]
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(side_by_side) as pool:
        for test, result, seconds in pool.map(run_one, tests):
            problems = result.failures + result.errors
            skipped = "".join(f" (not here: {reason})" for _, reason in result.skipped)
            verdict, name = "FAIL" if problems else "ok", test.id().removeprefix("__main__.")
            print(f"{verdict:4} {seconds:5.1f} s  {name}{skipped}", flush=True)
            for _, trace in problems:
                print(trace, flush=True)
            failures += bool(problems)
    print(f"{len(tests)} tests, {failures} failed")
    sys.exit(1 if failures or not tests else 0)
