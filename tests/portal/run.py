#!/usr/bin/env python3
"""Runs one browser test in Node: run.py BUILD_FOLDER ECOAUTH SANDBOX TEST.mjs

Installs what package-lock.json pins into BUILD_FOLDER first, once. Exits with 77, saying why, where Node or Chromium is missing.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from npm_packages import install  # noqa: E402

OLDEST_NODE = 18


def skip(why):
    print(f"skipped: {why}; ./dev test installs what the browser tests need")
    sys.exit(77)


def node_major():
    said = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return int(re.match(r"v(\d+)", said)[1])


def main():
    folder, ecoauth, sandbox, test = (pathlib.Path(each).resolve() for each in sys.argv[1:])
    for program in ("node", "npm", "chromium"):
        if not shutil.which(program):
            skip(f"there is no {program}")
    if node_major() < OLDEST_NODE:
        skip(f"Node is older than {OLDEST_NODE}")
    install(HERE, folder)
    environment = {**os.environ, "PORTAL_MODULES": str(folder), "ECOAUTH": str(ecoauth), "ECOAUTH_SANDBOX": str(sandbox),
                   "CHROMIUM": shutil.which("chromium"), "FONTCONFIG_FILE": str(HERE / "fonts.conf"),
                   "XDG_CACHE_HOME": str(folder / "cache")}
    return subprocess.run(["node", "--test", "--test-reporter=spec", str(test)], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
