"""What the tests of an installed ecoauth share: a staged installation, a network of one's own, a sandbox, the README's blocks."""
import ctypes
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def enter_own_network():
    """Starts this program again in a network namespace that has nothing but loopback: fixed ports are free, and a program that
    asked for ecobee's own server would reach nobody. False, and nothing done, without the right to make one."""
    if os.environ.pop("ECOAUTH_TEST_NETWORK", ""):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return True
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    if subprocess.run([*unshare, "ip", "link", "set", "lo", "up"], capture_output=True).returncode == 0:
        os.environ["ECOAUTH_TEST_NETWORK"] = "own"
        os.execvp(unshare[0], [*unshare, sys.executable, "-B", *sys.argv])
    return False


def enter_own_mounts(folder, kept):
    """What this program and its children write below the folders `kept`, from now on, is gone with them: it goes to a layer in memory.
    False without the right to do so."""
    libc = ctypes.CDLL(None, use_errno=True)
    clone_newns = 0x20000
    if libc.unshare(clone_newns) != 0:
        return False
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    layers = folder / "layers"
    layers.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", layers], capture_output=True).returncode != 0:
        return False
    for number, path in enumerate(kept):
        upper, work = layers / f"upper{number}", layers / f"work{number}"
        upper.mkdir()
        work.mkdir()
        overlay = f"lowerdir={path},upperdir={upper},workdir={work}"
        if subprocess.run(["mount", "-t", "overlay", "overlay", "-o", overlay, path], capture_output=True).returncode != 0:
            return False
    subprocess.run(["umount", "--lazy", layers], check=True)
    return True


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stage:
    """`meson install` into a temporary folder, and an environment in which its programs run."""

    def __init__(self, build, prefix, libdir):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="ecoauth-install."))
        self.destination = self.root / "staged"
        self.prefix = self.destination / prefix.lstrip("/")
        self.libdir = self.prefix / libdir
        self.home = self.root / "home"
        self.home.mkdir()
        subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", self.destination],
                       check=True, stdout=subprocess.DEVNULL)
        self.environment = {
            "PATH": f"{self.prefix / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "LD_LIBRARY_PATH": str(self.libdir),
            "PKG_CONFIG_PATH": str(self.libdir / "pkgconfig"),
            "PKG_CONFIG_SYSROOT_DIR": str(self.destination),
            # With the prefix /usr pkg-config would think that the compiler finds everything by itself.
            "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1",
            "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1",
        }

    def folder(self, name):
        folder = self.root / name
        folder.mkdir()
        return folder

    def run(self, command, cwd=None, timeout_s=120, **environment):
        """Runs a list, or a string by the shell, and returns the finished process. What it left running ends with it; so the
        output goes to a file, not to a pipe that those would keep open."""
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(command, shell=isinstance(command, str), cwd=cwd or self.home,
                                       env={**self.environment, **environment}, stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=subprocess.STDOUT, start_new_session=True)
            finish(process, timeout_s)
            output.seek(0)
            said = output.read()
        return subprocess.CompletedProcess(command, process.returncode, said)

    def remove(self):
        shutil.rmtree(self.root)


def finish(process, timeout_s):
    """Waits for it, then ends what it has left running. Its number stays taken until then, and so does its group's."""
    end = time.monotonic() + timeout_s
    try:
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            if time.monotonic() > end:
                raise TimeoutError(f"{process.args!r} has not ended after {timeout_s} s")
            time.sleep(0.02)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Sandbox:
    """An installed sandbox on a free port. It approves PINs at once."""

    def __init__(self, stage, *options):
        self.process = subprocess.Popen(["ecoauth-sandbox", "--auto-approve", "0", "--interval", "1", *options],
                                        env=stage.environment, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        ready = re.fullmatch(r"ecoauth-sandbox ready: (\S+)\n", line)
        if not ready:
            raise AssertionError(f"the sandbox said {line!r}")
        self.url = ready.group(1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        return code


@contextlib.contextmanager
def with_sandbox(build, prefix, libdir):
    """A staged installation and its sandbox, which must end well."""
    staged = Stage(build, prefix, libdir)
    try:
        sandbox = Sandbox(staged)
        try:
            yield staged, sandbox
        finally:
            code = sandbox.stop()
        assert code == 0, code
    finally:
        staged.remove()


class StagedTest(unittest.TestCase):
    """Tests that share both. The program's arguments begin with BUILD_FOLDER PREFIX LIBDIR."""

    @classmethod
    def setUpClass(cls):
        parts = contextlib.ExitStack()
        cls.stage, cls.sandbox = parts.enter_context(with_sandbox(*sys.argv[1:4]))
        cls.addClassCleanup(parts.close)


def blocks(page, language):
    """The fenced blocks of a page in that language, as printed."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="ascii"), re.S | re.M)


def readme_blocks(language):
    return blocks(SOURCE / "README.md", language)
