"""Stores that are full, read-only, damaged, open to others or somebody else's: the exit code, what to do, and nothing lost.

As root it runs in mount points of its own (unshare), which go with it; without root the cases that need them are left out.
"""
import os
import re
import resource
import shutil
import subprocess
import sys
import unittest

from harness import CLIENT_ID, ECOAUTH, SHORT_LIVED, Case, main, wait_for

ROOT = os.geteuid() == 0
NOBODY = 65534
COMMANDS = (("token",), ("refresh",), ("request", "GET", "/1/thermostat"), ("status",), ("login",), ("logout",))


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def fill(folder):
    """Until not one byte more fits."""
    with open(os.path.join(folder, "ballast"), "wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue


class Damaged(Case):
    def authorized(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        (self.name, self.good), = tool.files().items()
        self.path = os.path.join(tool.store, self.name)
        self.access = tool.run("token").out
        return sandbox, tool

    def overwrite(self, data):
        with open(self.path, "r+b") as file:
            file.write(data)
            file.truncate()

    def refused(self, sandbox, tool, *words):
        """No command works, each says what is wrong; no byte changes, and the server hears nothing."""
        before = tool.files()
        heard = len(sandbox.log())
        for command in COMMANDS:
            for flags in ((), ("--json",)):
                run = self.expect_failure(tool.run(*command, *flags), 7, *words)
            self.assertEqual(run.object("error")["exit_code"], 7)
            self.assertEqual(tool.files(), before)
        asked = [each["path"] for each in sandbox.log()[heard:] if not each["path"].startswith("/sandbox/")]
        self.assertEqual(asked, [])

    def works_again(self, tool):
        self.assertEqual(self.expect(tool.run("token"), 0).out, self.access)
        self.expect(tool.run("refresh"), 0)

    def test_damaged(self):
        sandbox, tool = self.authorized()
        garbled = bytes(byte ^ 1 if byte else 0 for byte in self.good)
        for data in (garbled, b"\xff" * len(self.good), self.good[:4096 + 100], b"not a token file\n"):
            with self.subTest(size=len(data)):
                self.overwrite(data)
                self.refused(sandbox, tool, self.path, "left untouched")
        self.overwrite(self.good)
        self.works_again(tool)

    def test_of_another_account(self):
        sandbox, tool = self.authorized()
        self.login(tool, sandbox, "--account", "cabin")
        other, = (name for name in tool.files() if name != self.name)
        shutil.copyfile(os.path.join(tool.store, other), self.path)
        self.refused(sandbox, tool, "belongs to another")
        self.overwrite(self.good)
        self.works_again(tool)

    def test_of_a_later_version(self):
        sandbox, tool = self.authorized()
        changed = re.sub(rb"(?m)^(ecoauth-record|ecoauth-store|ecoauth-token-file) 1\b", rb"\1 9", self.good)
        self.assertNotEqual(changed, self.good)
        self.overwrite(changed)
        self.refused(sandbox, tool)
        self.overwrite(self.good)
        self.works_again(tool)

    def test_open_to_others(self):
        sandbox, tool = self.authorized()
        os.chmod(self.path, 0o644)
        self.refused(sandbox, tool, "open to other users", "chmod 600")
        os.chmod(self.path, 0o600)
        os.chmod(tool.store, 0o777)
        self.refused(sandbox, tool, "chmod go-w")
        os.chmod(tool.store, 0o700)
        self.works_again(tool)

    def test_links(self):
        sandbox, tool = self.authorized()
        moved = os.path.join(self.folder, "moved")
        os.rename(self.path, moved)
        os.symlink(moved, self.path)
        self.refused(sandbox, tool, "symbolic link")
        os.unlink(self.path)
        os.link(moved, self.path)
        self.refused(sandbox, tool, "hard links")
        os.unlink(moved)
        self.works_again(tool)

    def test_not_a_folder(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        with open(os.path.join(self.folder, "file"), "wb"):
            pass
        for store in ("file", "file/below"):
            self.expect_failure(tool.run("login", "--store", "file:" + os.path.join(self.folder, store)), 7)
        self.assertEqual(sandbox.state()["pins"], [])


class WhileSaving(Case):
    """The server's answer is there and cannot be saved: the moment in which others lose their tokens."""

    def test_tokens_are_saved_once_there_is_room(self):
        sandbox = self.sandbox("--refresh-policy", "strict", *SHORT_LIVED)
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        sandbox.control("fault", name="delay", ms=1500, count=1, at="token")
        process = tool.start("refresh")
        wait_for(lambda: not sandbox.state()["faults"], "the request")
        limits = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
        tool.read_until(process, "could not be saved")
        self.assertIsNone(process.poll())
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limits)
        self.expect(tool.end(process), 0, "What to do, now: ", "saved now", "Refreshed")
        self.expect(tool.run("refresh"), 0)  # a spent token would be refused


@unittest.skipUnless(ROOT, "needs root: mounts and other users")
class OtherFileSystems(Case):
    def small_disk(self):
        """A disk of 256 KiB under the tool's store."""
        folder = os.path.join(self.folder, "state")
        os.mkdir(folder, 0o700)
        mount("-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", folder)
        self.addCleanup(subprocess.run, ["umount", folder], check=True)
        return folder

    def test_full_before_the_first_login(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        disk = self.small_disk()
        fill(disk)
        self.expect_failure(tool.run("login"), 7, "no space left", "Free some space")
        error = self.expect(tool.run("login", "--json"), 7).object("error")
        self.assertEqual((error["code"], error["action"]), ("STORE", "FIX_STORAGE"))
        self.expect(tool.run("status"), 3)
        os.unlink(os.path.join(disk, "ballast"))
        self.login(tool, sandbox)
        self.expect(tool.run("token"), 0)

    def test_full_later(self):
        sandbox = self.sandbox("--refresh-policy", "strict", *SHORT_LIVED)
        tool = self.tool(sandbox)
        disk = self.small_disk()
        self.login(tool, sandbox)
        access = tool.run("token").out
        record = tool.files()
        fill(disk)
        for _ in range(3):  # there may be room in the file itself
            refresh = tool.run("refresh")
            if refresh.exit_code:
                self.expect_failure(refresh, 7, "no space left", "Free some space")
                self.assertEqual(tool.files(), record)
                self.assertEqual(self.expect(tool.run("token"), 0).out, access)
            access, record = self.expect(tool.run("token"), 0).out, tool.files()
        os.unlink(os.path.join(disk, "ballast"))
        self.expect(tool.run("refresh"), 0)

    def test_read_only(self):
        sandbox = self.sandbox("--refresh-policy", "strict")
        tool = self.tool(sandbox)
        disk = self.small_disk()
        mount("-o", "remount,ro", disk)
        self.expect_failure(tool.run("login"), 7, "read-only")
        mount("-o", "remount,rw", disk)
        self.login(tool, sandbox)
        access, record = tool.run("token").out, tool.files()
        mount("-o", "remount,ro", disk)
        self.expect_failure(tool.run("refresh"), 7, "read-only")
        self.expect_failure(tool.run("login"), 7, "read-only")
        self.expect_failure(tool.run("logout"), 7, "read-only")
        self.assertEqual(self.expect(tool.run("token"), 0).out, access)
        self.expect(tool.run("request", "GET", "/1/thermostat"), 0)
        self.expect(tool.run("status"), 0)
        self.assertEqual(tool.files(), record)
        mount("-o", "remount,rw", disk)
        self.expect(tool.run("refresh"), 0)


@unittest.skipUnless(ROOT, "needs root: mounts and other users")
class OtherUsers(Case):
    def as_nobody(self, tool):
        """Calls of the tool by a user without rights; the programs are copied to where that user may go."""
        programs = os.path.join(self.folder, "programs")
        os.mkdir(programs)
        os.chmod(self.folder, 0o755)
        shutil.copy(ECOAUTH, programs)
        listed = subprocess.run(["ldd", ECOAUTH], check=True, capture_output=True, text=True).stdout
        library, = re.findall(r"(\S*libecoauth\.so\.\d+)\s*=>\s*(\S+)", listed)
        shutil.copy(library[1], os.path.join(programs, library[0]))
        tool.environment["LD_LIBRARY_PATH"] = programs
        tool.prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        tool.program = os.path.join(programs, os.path.basename(ECOAUTH))
        return tool

    def give(self, tool, user, folder_mode):
        for folder, _, names in os.walk(os.path.dirname(tool.store)):
            os.chown(folder, user, user)
            os.chmod(folder, folder_mode)
            for name in names:
                os.chown(os.path.join(folder, name), user, user)

    def test_token_file_of_another_user(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        access, record = tool.run("token").out, tool.files()
        self.as_nobody(tool)
        for folder_mode in (0o700, 0o755):
            self.give(tool, 0, folder_mode)
            for command in COMMANDS:
                words = ("belongs to user 0", f"user {NOBODY}") if folder_mode == 0o755 else ()
                self.expect_failure(tool.run(*command), 7, *words)
            self.assertEqual(tool.files(), record)
        self.give(tool, NOBODY, 0o700)
        self.assertEqual(self.expect(tool.run("token"), 0).out, access)

    def test_root_does_not_take_what_is_not_its_own(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        record = tool.files()
        for name in record:
            os.chown(os.path.join(tool.store, name), NOBODY, NOBODY)
        for command in COMMANDS:
            self.expect_failure(tool.run(*command), 7, f"belongs to user {NOBODY}")
        self.assertEqual(tool.files(), record)

    def test_folder_without_the_right_to_write(self):
        sandbox = self.sandbox()
        tool = self.as_nobody(self.tool(sandbox))
        os.makedirs(tool.store, 0o700)
        self.give(tool, NOBODY, 0o500)
        self.expect_failure(tool.run("login"), 7, "permission denied")
        self.assertEqual(tool.files(), {})
        self.give(tool, NOBODY, 0o700)
        self.login(tool, sandbox)
        self.give(tool, NOBODY, 0o500)
        self.expect(tool.run("token"), 0)
        self.expect(tool.run("refresh"), 0)  # an existing file is written in place
        self.give(tool, NOBODY, 0o700)

    def test_ordinary_user_and_the_client_id_file(self):
        sandbox = self.sandbox()
        tool = self.as_nobody(self.tool(sandbox, client_id=None))
        os.makedirs(tool.store, 0o700)
        self.give(tool, NOBODY, 0o700)
        self.expect(tool.run("status", "--client-id-file", "-", data=CLIENT_ID.encode()), 3)
        # The process hides itself in /proc; its own way through /dev must stay open.
        tool.prefix += ["sh", "-c", 'printf %s "$KEY" | "$@"', "sh"]
        tool.environment["KEY"] = CLIENT_ID
        self.expect(tool.run("status", "--client-id-file", "/dev/stdin"), 3)


def in_own_mounts():
    """This program again, in mount points of its own. Where the root folder is none (chroot), their propagation stays."""
    for propagation in ("private", "unchanged"):
        unshare = ["unshare", "--mount", "--propagation", propagation]
        if subprocess.run([*unshare, "true"], stderr=subprocess.DEVNULL).returncode == 0:
            break
    os.execvpe("unshare", [*unshare, sys.executable, "-B", *sys.argv], {**os.environ, "ECOAUTH_E2E_MOUNTS": "own"})


if __name__ == "__main__":
    if ROOT and "ECOAUTH_E2E_MOUNTS" not in os.environ:
        in_own_mounts()
    main()
