#!/usr/bin/env python3
"""The self-contained library: what it shows, what it needs, what it leaves alone, and where it finds CA certificates.

usage: check.py BUILD_FOLDER SANDBOX        builds it first when needed (build.sh)
"""
import ctypes
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from sandbox_process import SandboxProcess  # noqa: E402

BUILD, SANDBOX = sys.argv[1:3]
LIBRARY = ""

# A program in the changed root: a whole PIN authorization over TLS with the system's CA certificates, whatever those are there.
LOGIN = """
import sys
sys.path.insert(0, sys.argv[1])
import ecoauth
with ecoauth.Client(ecoauth.MemoryStore(), base_url=sys.argv[2], client_id="SelfContainedSelfContainedSelf32") as client:
    try:
        client.account().authorize_pin(30)
        print("authorized", ecoauth.runtime_info("ca-certificates"))
    except ecoauth.EcoauthError as error:
        print(error.name, ecoauth.runtime_info("ca-certificates"))
"""


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class SelfContained(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        cls.library = ctypes.CDLL(LIBRARY)
        cls.mask_after = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        cls.library.ecoauth_runtime_info.restype = ctypes.c_char_p

    def runtime_info(self, what):
        return self.library.ecoauth_runtime_info(what.encode()).decode()

    def test_exports_the_map_and_nothing_else(self):
        wanted = set(re.findall(r"^    (ecoauth_\w+);$", (ROOT / "src/ecoauth.map").read_text(encoding="ascii"), re.M))
        self.assertGreater(len(wanted), 100)
        shown = [line.split() for line in output_of("nm", "-D", "--defined-only", LIBRARY).splitlines()]
        functions = {name.split("@")[0] for _, kind, name in shown if kind == "T"}
        self.assertEqual(functions, wanted)
        self.assertEqual({name for _, kind, name in shown if kind != "T"}, {"ECOAUTH_0.1"})

    def test_needs_no_poco_and_no_openssl(self):
        dynamic = output_of("readelf", "-d", "-W", LIBRARY)
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
        self.assertLessEqual(needed, {"libstdc++.so.6", "libm.so.6", "libgcc_s.so.1", "libc.so.6", "ld-linux-x86-64.so.2",
                                      "ld-linux-aarch64.so.1"})
        self.assertIn("libstdc++.so.6", needed)
        self.assertRegex(dynamic, r"FLAGS_1\).*NODELETE")
        self.assertRegex(dynamic, r"\(SYMBOLIC\)|SYMBOLIC")
        self.assertNotRegex(dynamic, r"RPATH|RUNPATH|TEXTREL")
        # Without a version a symbol could come from whatever a host exports.
        wanted = [line.split()[-1] for line in output_of("nm", "-D", "--undefined-only", LIBRARY).splitlines()]
        strays = [name for name in wanted if not re.search(r"@(GLIBC|GLIBCXX|CXXABI|GCC)_", name)]
        self.assertLessEqual(set(strays), {"__cxa_finalize", "__gmon_start__", "_ITM_deregisterTMCloneTable",
                                           "_ITM_registerTMCloneTable"})

    def test_says_what_it_runs_on(self):
        self.assertEqual(self.library.ecoauth_has_feature(b"self-contained"), 1)
        self.assertEqual(self.runtime_info("openssl").split()[1], output_of("pkg-config", "--modversion", "openssl").strip())
        for what in ("openssl-file", "poco-file"):
            self.assertEqual(self.runtime_info(what), LIBRARY)

    def test_loading_leaves_the_signal_mask_alone(self):
        self.assertEqual(self.mask_after, self.mask)
        self.assertNotIn(signal.SIGPIPE, self.mask_after)


class Certificates(unittest.TestCase):
    """In a root folder where everything is this system's but /etc, which is laid out like another distribution's."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="ecoauth-root.")
        cls.ca = pathlib.Path(cls.folder.name) / "ca.pem"
        cls.sandbox = SandboxProcess(SANDBOX, "--tls", "--tls-ca-out", str(cls.ca), "--auto-approve", "0", "--interval", "1")
        cls.hash = output_of("openssl", "x509", "-hash", "-noout", "-in", str(cls.ca)).strip()

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.stop()
        cls.folder.cleanup()

    def login(self, files, links):
        """What LOGIN says with these files (all hold the CA) and links below /etc."""
        with tempfile.TemporaryDirectory(prefix="ecoauth-root.") as folder:
            root = pathlib.Path(folder)
            for name in files:
                path = root / "etc" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self.ca.read_bytes())
            for name, target in links.items():
                path = root / "etc" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to(target)
            (root / "etc").mkdir(exist_ok=True)
            (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
            mounts = []
            for entry in sorted(pathlib.Path("/").iterdir()):
                if entry.is_symlink():
                    (root / entry.name).symlink_to(os.readlink(entry))
                elif entry.is_dir() and entry.name not in ("etc", "lost+found"):
                    (root / entry.name).mkdir()
                    mounts.append(f"mount --rbind /{entry.name} {root}/{entry.name}")
            script = " && ".join(["mount --make-rprivate /", *mounts, f'exec chroot {root} "$@"'])
            command = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c", script, "sh",
                       sys.executable, "-B", "-c", LOGIN, str(ROOT / "bindings/python/src"), self.sandbox.url]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  env={**os.environ, "ECOAUTH_LIBRARY": LIBRARY}, timeout=120)
            # The mounts have ended with their namespace.
            self.assertFalse([path for path in (root / "usr").iterdir()])
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.strip()

    def test_like_fedora(self):
        self.assertEqual(self.login(["pki/ca-trust/extracted/pem/tls-ca-bundle.pem"],
                                    {"pki/tls/certs/ca-bundle.crt": "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                                     "ssl/certs": "/etc/pki/tls/certs"}),
                         "authorized /etc/pki/tls/certs/ca-bundle.crt")

    def test_like_a_newer_fedora(self):
        name = f"pki/ca-trust/extracted/pem/directory-hash/{self.hash}.0"
        self.assertEqual(self.login([name], {}), "authorized /etc/pki/ca-trust/extracted/pem/directory-hash")

    def test_like_alpine(self):
        self.assertEqual(self.login(["ssl/certs/ca-certificates.crt"], {"ssl/cert.pem": "certs/ca-certificates.crt"}),
                         "authorized /etc/ssl/certs/ca-certificates.crt")
        self.assertEqual(self.login(["ssl/cert.pem"], {}), "authorized /etc/ssl/cert.pem")

    def test_like_alpine_with_the_package_of_single_files(self):
        self.assertEqual(self.login(["ssl/certs/ca-certificates.crt", "ssl/certs/ca-cert-own.pem"],
                                    {"ssl/cert.pem": "certs/ca-certificates.crt", f"ssl/certs/{self.hash}.0": "ca-cert-own.pem"}),
                         "authorized /etc/ssl/certs")

    def test_without_any(self):
        self.assertEqual(self.login([], {}).split()[0], "TLS")


if __name__ == "__main__":
    LIBRARY = subprocess.run(["sh", HERE / "build.sh", BUILD], check=True, stdout=subprocess.PIPE, text=True).stdout.split("\n")[-2]
    unittest.main(argv=sys.argv[:1])
