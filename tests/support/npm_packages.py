"""Packages of npm for a test, in the build folder: what the package-lock.json beside the test pins, and nothing else."""
import fcntl
import hashlib
import shutil
import subprocess

FILES = ("package.json", "package-lock.json")


def install(source, folder):
    """npm ci, unless the folder holds what the lock file in `source` says. Tests that start together wait for the first."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(b"".join((source / name).read_bytes() for name in FILES)).hexdigest()
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "installed"
        if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
            return
        stamp.unlink(missing_ok=True)
        for name in FILES:
            shutil.copy(source / name, folder / name)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
        stamp.write_text(wanted, encoding="ascii")
