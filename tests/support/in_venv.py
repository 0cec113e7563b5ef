#!/usr/bin/env python3
"""Runs a Python program in a virtual environment of its own that holds exactly what a requirements file pins, hashes included.

usage: in_venv.py FOLDER REQUIREMENTS PROGRAM [ARGUMENTS...]

The environment is made in FOLDER once, and anew when the file changes. Without a network for that it says so and exits with 77.
"""
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

NO_NETWORK = re.compile("Temporary failure in name resolution|Name or service not known|Network is unreachable|Connection refused"
                        "|Connection timed out|Read timed out|No route to host")


def main():
    folder, requirements = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    folder.parent.mkdir(parents=True, exist_ok=True)
    python, stamp = folder / "bin/python", folder / "made-from"
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            install = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet", "--retries", "1",
                       "--require-hashes", "--only-binary", ":all:", "-r", requirements]
            done = subprocess.run(install, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                print(done.stdout)
                if NO_NETWORK.search(done.stdout):
                    print(f"skipped: {requirements.name} cannot be fetched, there is no network")
                    sys.exit(77)
                sys.exit(1)
            stamp.write_text(wanted)
    os.execv(python, [python, "-B", *sys.argv[3:]])


if __name__ == "__main__":
    main()
