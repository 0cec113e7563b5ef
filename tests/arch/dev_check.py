#!/usr/bin/env python3
"""./dev and the test summary: what they say, and with which exit code. Installs and builds nothing.

usage: dev_check.py ROOT
"""
import io
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.abspath(sys.argv.pop(1))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from summarize import read, summarize  # noqa: E402

COMMANDS = ["demo", "test", "setup", "build", "sanitize", "faults", "bench", "fresh", "format", "help"]
COMING = ["fuzz"]


def dev(*arguments, **environment):
    return subprocess.run([os.path.join(ROOT, "dev"), *arguments], env={**os.environ, **environment}, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)


class Dev(unittest.TestCase):
    def test_every_command_has_help(self):
        overview = dev("--help")
        self.assertEqual(0, overview.returncode)
        for command in COMMANDS:
            self.assertRegex(overview.stdout, rf"(?m)^  {command}\b")
            answer = dev(command, "--help")
            self.assertEqual((0, ""), (answer.returncode, answer.stderr), command)
            self.assertIn("usage: ./dev", answer.stdout)
            if command != "help":
                self.assertIn(f"usage: ./dev {command}", answer.stdout)

    def test_help_says_duration_and_installation(self):
        for command in COMMANDS[:-1]:
            words = dev(command, "--help").stdout.lower()
            self.assertRegex(words, r"second|minute|as long as", command)
            self.assertIn("install", words, command)

    def test_what_does_not_exist_says_so_in_one_line(self):
        overview = dev("help").stdout
        for command in COMING + ["no-such-thing"]:
            self.assertNotRegex(overview, rf"(?m)^  {command}\b")
            for arguments in ([command], [command, "--help"]):
                answer = dev(*arguments)
                self.assertEqual((2, "", 1), (answer.returncode, answer.stdout, len(answer.stderr.splitlines())), arguments)

    def test_wrong_arguments_are_refused(self):
        for arguments in ([], ["test", "nothing"], ["test", "core", "core"], ["demo", "now"], ["sanitize", "hands"],
                          ["faults", "always"]):
            answer = dev(*arguments)
            self.assertEqual(2, answer.returncode, arguments)
            self.assertTrue(answer.stderr, arguments)

    def test_without_apt_it_prints_what_is_needed(self):
        with tempfile.TemporaryDirectory() as folder:
            for tool in ("sh", "dirname", "sed", "cat", "mktemp", "rm"):
                os.symlink(subprocess.check_output(["sh", "-c", f"command -v {tool}"], text=True).strip(),
                           os.path.join(folder, tool))
            for command in ("setup", "build", "test", "demo"):
                answer = dev(command, PATH=folder)
                self.assertEqual(2, answer.returncode, command)
                self.assertIn("libpoco-dev", answer.stderr)
                self.assertIn("no apt", answer.stderr)

    def test_packages_are_listed_with_a_reason(self):
        for line in dev("setup", "--help").stdout.split("\n\n")[-1].splitlines():
            self.assertRegex(line, r"^  \S+ +\S+ \S+")


class Summary(unittest.TestCase):
    def verdict(self, results, meson_exit_code=0):
        tests = [{"name": f"t{i}", "result": r, "stdout": f"first\nreason {i}\n\n", "returncode": 0, "duration": 1.0}
                 for i, r in enumerate(results)]
        out = io.StringIO()
        good = summarize(tests, meson_exit_code, out)
        return good, out.getvalue().splitlines()

    def test_last_line(self):
        self.assertEqual((True, "2 passed, 0 failed"), self.last(["OK", "OK"]))
        self.assertEqual((True, "1 passed, 0 failed, 1 skipped"), self.last(["OK", "SKIP"]))
        self.assertEqual((False, "0 passed, 0 failed"), self.last([]))
        self.assertEqual((False, "0 passed, 0 failed, 1 skipped"), self.last(["SKIP"]))
        for bad in ("FAIL", "TIMEOUT", "ERROR", "UNEXPECTEDPASS", "INTERRUPT", "something new"):
            self.assertEqual((False, "1 passed, 1 failed"), self.last(["OK", bad]))

    def last(self, results, meson_exit_code=0):
        good, lines = self.verdict(results, meson_exit_code)
        return good, lines[-1]

    def test_a_broken_run_is_a_failure(self):
        self.assertEqual((False, "2 passed, 1 failed"), self.last(["OK", "OK"], 137))
        self.assertEqual([], read(os.path.join(ROOT, "no-such-log.json")))

    def test_reasons_and_logs_are_shown(self):
        _, lines = self.verdict(["SKIP", "FAIL"])
        self.assertIn("skipped: t0: reason 0", lines)
        self.assertIn("    reason 1", lines)


if __name__ == "__main__":
    unittest.main(verbosity=0)
