#!/usr/bin/env python3
"""Runs one browser test in Node: run.py BUILD_FOLDER ECOAUTH SANDBOX TEST.mjs

Installs what package-lock.json pins into BUILD_FOLDER first, once. Exits with 77, saying why, where Node or Chromium is missing.
"""
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
OLDEST_NODE = 18


def skip(why):
    print(f"skipped: {why}; ./dev test installs what the browser tests need")
    sys.exit(77)


def node_major():
    said = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return int(re.match(r"v(\d+)", said)[1])


def install(folder):
    """npm ci, unless the folder holds what the lock file says. Tests that start together wait for the first."""
    folder.mkdir(parents=True, exist_ok=True)
    pinned = b"".join((HERE / name).read_bytes() for name in ("package.json", "package-lock.json"))
    wanted = hashlib.sha256(pinned).hexdigest()
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "installed"
        if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
            return
        stamp.unlink(missing_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder / name)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
        stamp.write_text(wanted, encoding="ascii")


def main():
    folder, ecoauth, sandbox, test = (pathlib.Path(each).resolve() for each in sys.argv[1:])
    for program in ("node", "npm", "chromium"):
        if not shutil.which(program):
            skip(f"there is no {program}")
    if node_major() < OLDEST_NODE:
        skip(f"Node is older than {OLDEST_NODE}")
    install(folder)
    environment = {**os.environ, "PORTAL_MODULES": str(folder), "ECOAUTH": str(ecoauth), "ECOAUTH_SANDBOX": str(sandbox),
                   "CHROMIUM": shutil.which("chromium"), "FONTCONFIG_FILE": str(HERE / "fonts.conf"),
                   "XDG_CACHE_HOME": str(folder / "cache")}
    return subprocess.run(["node", "--test", "--test-reporter=spec", str(test)], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
