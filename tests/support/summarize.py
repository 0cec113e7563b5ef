#!/usr/bin/env python3
"""Sums up a Meson test log: failing tests with the end of their output, skipped ones with their reason, one last line.

usage: summarize.py TESTLOG.json MESON_EXIT_CODE        exit code 0: at least one test ran and none failed

A run that Meson reports as failed, but whose log shows no failure (it was interrupted, say), counts as one failure.
"""
import json
import sys

LINES_SHOWN = 60
PASSED = {"OK", "EXPECTEDFAIL"}


def lines_of(test):
    """What the test printed, without blank lines at the end."""
    text = test.get("stdout") or ""
    errors = test.get("stderr") or ""
    lines = (text + ("" if text.endswith("\n") or not text else "\n") + errors).splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def summarize(tests, meson_exit_code, out):
    """Writes the summary; returns True when something ran and nothing failed."""
    passed = [t for t in tests if t["result"] in PASSED]
    skipped = [t for t in tests if t["result"] == "SKIP"]
    failed = [t for t in tests if t["result"] not in PASSED and t["result"] != "SKIP"]
    for test in failed:
        lines = lines_of(test)
        print(f"\n--- {test['name']}: {test['result']}, exit code {test.get('returncode')}, "
              f"after {test.get('duration', 0):.1f} s; last {min(LINES_SHOWN, len(lines))} of {len(lines)} lines:", file=out)
        for line in lines[-LINES_SHOWN:]:
            print("    " + line, file=out)
    if skipped:
        print(file=out)
    for test in skipped:
        lines = lines_of(test)
        print(f"skipped: {test['name']}: {lines[-1].strip() if lines else 'gave no reason'}", file=out)
    failures = len(failed)
    if meson_exit_code != 0 and not failed:
        failures = 1
        print(f"\nthe test run itself ended with exit code {meson_exit_code}", file=out)
    last = f"{len(passed)} passed, {failures} failed"
    if skipped:
        last += f", {len(skipped)} skipped"
    if not passed and not failed:
        print("\nno test ran", file=out)
    print("\n" + last, file=out)
    return bool(passed) and not failures


def read(path):
    """Meson writes one JSON object per line."""
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            return [json.loads(line) for line in log if line.strip()]
    except FileNotFoundError:
        return []


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(0 if summarize(read(sys.argv[1]), int(sys.argv[2]), sys.stdout) else 1)
