#!/usr/bin/env python3
"""Runs the tests of one binding and keeps which steps of scenario.json they have proven.

usage: run_binding.py --results FOLDER [--needs PROGRAM]... LANGUAGE LIBRARY SANDBOX -- COMMAND [ARGUMENT...]

The command's output passes through. In it, "scenario STEP: passed" and "scenario STEP: not applicable: REASON" count, wherever they
are in a line. FOLDER/LANGUAGE.json is written when the command succeeded; a
second program of the same language is LANGUAGE+WHAT. Without a needed program it prints which, and exits with 77.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
WORD = re.compile(r"scenario ([a-z0-9-]+): (passed|not applicable: [^\n]*[^\s])")


def steps():
    return [step["id"] for step in json.loads((HERE / "scenario.json").read_text(encoding="ascii"))["steps"]]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--results", required=True, type=pathlib.Path)
    parser.add_argument("--needs", action="append", default=[])
    parser.add_argument("language")
    parser.add_argument("library")
    parser.add_argument("sandbox")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()

    kept = given.results / f"{given.language}.json"
    kept.unlink(missing_ok=True)
    for program in given.needs:
        if not shutil.which(program):
            print(f"{program} is not installed; ./dev test installs what the bindings' tests need")
            return 77

    environment = {**os.environ,
                   "ECOAUTH_LIBRARY": os.path.abspath(given.library),
                   "ECOAUTH_SANDBOX": os.path.abspath(given.sandbox),
                   "ECOAUTH_SCENARIO": str(HERE / "scenario.json"),
                   "ECOAUTH_HEADERS": str(HERE.parent / "include"),
                   "ECOAUTH_LICENSE": str(HERE.parent / "LICENSE")}
    process = subprocess.Popen(given.command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace")
    found, wrong = {}, []
    for line in process.stdout:
        print(line, end="", flush=True)
        for step, result in WORD.findall(line):
            if step not in steps():
                wrong.append(f"scenario.json has no step '{step}'")
            elif found.setdefault(step, result) != result:
                wrong.append(f"step '{step}' has two results")
    code = process.wait()
    for each in wrong:
        print(each)
    if code == 0 and not found:
        wrong.append("no step")
        print("the tests named no step of scenario.json")
    if code == 0 and not wrong:
        given.results.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return code if code else bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
