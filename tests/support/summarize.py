#!/usr/bin/env python3
"""Sums up a Meson test log: failing tests with the end of their output, skipped ones with their reason, one last line.

usage: summarize.py TESTLOG.json        exit code 0: at least one test ran and none failed
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


def summarize(tests, out):
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
    last = f"{len(passed)} passed, {len(failed)} failed"
    if skipped:
        last += f", {len(skipped)} skipped"
    if not passed and not failed:
        print("\nno test ran", file=out)
    print("\n" + last if failed or not skipped else last, file=out)
    return bool(passed) and not failed


def read(path):
    """Meson writes one JSON object per line."""
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            return [json.loads(line) for line in log if line.strip()]
    except FileNotFoundError:
        return []


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(0 if summarize(read(sys.argv[1]), sys.stdout) else 1)
