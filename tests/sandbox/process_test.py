"""The program itself: command line, ready line, where it listens, TLS, and how it ends."""
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request
import warnings

from sandbox_case import PATIENCE_S, PROGRAM, Case, main

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def listening(pid):
    """The addresses on which a process listens for TCP, from /proc."""
    inodes = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        found = re.match(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{name}"))
        inodes.update(found.groups() if found else ())
    addresses = set()
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}", encoding="ascii") as file:
            for fields in map(str.split, list(file)[1:]):
                if fields[3] == "0A" and fields[9] in inodes:
                    address, port = fields[1].split(":")
                    addresses.add((address, int(port, 16)))
    return addresses


class CommandLine(Case):
    ARGUMENTS = None

    def run_program(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=PATIENCE_S,
                              stdin=subprocess.DEVNULL)

    def test_help_and_version(self):
        for argument in ("--help", "-h"):
            run = self.run_program(argument)
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            for word in ("--port", "--profile", "--tls", "--time-scale", "--state", "--auto-approve", "--registered-only",
                         "strict-family"):
                self.assertIn(word, run.stdout)
            self.assertLessEqual(max(map(len, run.stdout.splitlines())), 120)
        run = self.run_program("--version")
        self.assertRegex(run.stdout, r"^ecoauth-sandbox \d+\.\d+\.\d+\n$")
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_bad_command_lines(self):
        """Exit code 2, nothing on stdout, and a message that names the option."""
        rows = [
            # arguments                                         words of the message
            (("--bogus",), "--bogus"), (("extra",), "extra"), (("--port",), "--port"), (("--port", "x"), "--port", "65535"),
            (("--port", "-1"), "--port"), (("--port", "65536"), "--port"), (("--port", "1", "--port", "2"), "--port"),
            (("--profile", "new"), "--profile", "legacy"), (("--time-scale", "0"), "--time-scale"),
            (("--time-scale", "-1"), "--time-scale"), (("--time-scale", "nan"), "--time-scale"),
            (("--time-scale", "inf"), "--time-scale"), (("--time-scale", "2x"), "--time-scale"),
            (("--auto-approve", "-1"), "--auto-approve"), (("--auto-approve", "soon"), "--auto-approve"),
            (("--auto-approve", "1", "--auto-decline", "1"), "--auto-approve", "--auto-decline"),
            (("--refresh-policy", "x"), "--refresh-policy", "strict-family"), (("--grace", "-1"), "--grace"),
            (("--pin-length", "5"), "--pin-length"), (("--pin-seconds", "0"), "--pin-seconds"),
            (("--interval", "-1"), "--interval"), (("--access-seconds", "0"), "--access-seconds"),
            (("--refresh-days", "nan"), "--refresh-days"), (("--expired-as", "x"), "--expired-as"),
            (("--slow-down-status", "200"), "--slow-down-status"), (("--jwt-bytes", "7169"), "--jwt-bytes"),
            (("--listen", "0.0.0.0"), "--listen", "--allow-remote"), (("--listen", "::"), "--allow-remote"),
            (("--listen", "192.0.2.1", "--allow-remote"), "--tls"), (("--allow-remote",), "--tls"),
            (("--listen", "example.com", "--allow-remote", "--tls"), "--listen"), (("--listen", ""), "--listen"),
            (("--listen", "127.0.0.1.example.com"), "--listen"), (("--allow-host", "a b"), "--allow-host"),
            (("--tls-cert", "x"), "--tls-key"), (("--tls-ca-out", "x"), "--tls"),
            (("--tls", "--tls-cert", "x", "--tls-key", "x", "--tls-ca-out", "x"), "--tls-ca-out"),
            (("--client", "Slip0Slip0Slip0Slip0Slip0Slip0Slip0"), "--client"), (("--client", "x:pin"), "--client"),
            (("--client", "A" * 32 + ":password"), "--client"), (("--account", "ann"), "--account"),
            (("--account", "ann:"), "--account"), (("--account", ":x"), "--account"),
            (("--redirect-uri", "https://a.example/"), "--redirect-uri"),
            (("--redirect-uri", "A" * 32 + "=http://a.example/"), "https"), (("--state",), "--state"),
        ]
        for arguments, *words in rows:
            with self.subTest(arguments=arguments):
                run = self.run_program(*arguments)
                self.assertEqual((run.returncode, run.stdout), (2, ""), run.stderr)
                self.assertRegex(run.stderr, "^ecoauth-sandbox: ")
                self.assertIn("--help", run.stderr)
                for word in words:
                    self.assertIn(word, run.stderr)
                self.assertNotIn("Slip0", run.stderr)  # it may be a real application's key

    def test_what_cannot_be_had(self):
        """Exit code 1: the command line was right, the machine does not allow it."""
        first = self.new_sandbox()
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        for arguments, *words in (
                (("--port", str(first.port)), f"127.0.0.1 port {first.port}"),
                (("--tls", "--tls-cert", "/nonexistent", "--tls-key", "/dev/null"), "/nonexistent", "/dev/null"),
                (("--tls", "--tls-ca-out", "/nonexistent/ca.pem"), "/nonexistent/ca.pem"),
                (("--state", folder), folder), (("--log", folder), folder), (("--scenario", folder), folder)):
            with self.subTest(arguments=arguments):
                run = self.run_program(*arguments)
                self.assertEqual((run.returncode, run.stdout), (1, ""), run.stderr)
                for word in words:
                    self.assertIn(word, run.stderr)


class Life(Case):
    ARGUMENTS = None

    def test_ready_line_and_nothing_else(self):
        for arguments in ((), ("--profile", "legacy"), ("--tls",)):
            run = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            line = run.stdout.readline()
            scheme = "https" if "--tls" in arguments else "http"
            self.assertRegex(line, rf"^ecoauth-sandbox ready: {scheme}://127\.0\.0\.1:\d+\n$")
            run.terminate()
            out, err = run.communicate(timeout=PATIENCE_S)
            self.assertEqual((run.returncode, out, err), (0, "", ""))

    def test_print_env(self):
        """After the ready line, which stays first; the shell takes it as it is."""
        with tempfile.TemporaryDirectory(prefix="it's ") as folder:
            for arguments, client_id, ca_file in (
                    ((), None, ""), (("--client", "A" * 32 + ":pin"), "A" * 32, ""),
                    (("--tls", "--tls-ca-out", "ca file.pem"), None, os.path.join(folder, "ca file.pem"))):
                out = os.path.join(folder, "out")
                with open(out, "wb") as file:
                    run = subprocess.Popen([PROGRAM, "--port", "0", "--print-env", *arguments], stdout=file, cwd=folder)
                self.addCleanup(run.wait)
                self.addCleanup(run.kill)
                script = ('until grep -q SANDBOX_PID out; do sleep 0.05; done; head -n 1 out; eval "$(grep "^export " out)"; '
                          'for each in "$ECOAUTH_SERVER" "$ECOAUTH_CLIENT_ID" "$ECOAUTH_CA_FILE" "$ECOAUTH_SANDBOX_PID"; do echo "$each"; '
                          'done; kill "$ECOAUTH_SANDBOX_PID"')
                said = subprocess.run(["sh", "-c", script], cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=True,
                                      env={"PATH": os.environ["PATH"]}).stdout
                ready, server, key, ca, pid = said.splitlines()
                self.assertEqual(ready, "ecoauth-sandbox ready: " + server)
                self.assertRegex(key, "^[A-Za-z0-9]{32}$")
                self.assertIn(client_id, (None, key))
                self.assertEqual((ca, pid), (ca_file, str(run.pid)))
                self.assertEqual(run.wait(PATIENCE_S), 0)

    def test_log(self):
        """Every request as a line of JSON, the moment it is answered; what could be a secret is none; a restart appends."""
        self.sandbox = self.new_sandbox("--log", "log.jsonl")
        path = os.path.join(self.sandbox.folder, "log.jsonl")
        grant = self.login()
        self.api(grant.access)
        with open(path, encoding="ascii") as file:
            text = file.read()
        told = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(told, self.sandbox.log()[:-1])
        self.assertEqual([each["path"] for each in told], ["/authorize", "/sandbox/approve", "/token", "/1/thermostatSummary"])
        for secret in (self.client_id, grant.access, grant.refresh):
            self.assertNotIn(secret, text)
        self.sandbox.end()
        self.sandbox.start()
        self.authorize()
        with open(path, encoding="ascii") as file:
            self.assertEqual(len(file.readlines()), 6)

    def test_log_to_standard_output(self):
        run = subprocess.Popen([PROGRAM, "--log", "-", "--print-env"], stdout=subprocess.PIPE, text=True)
        url = run.stdout.readline().split()[-1]
        for _ in range(3):
            self.assertTrue(run.stdout.readline().startswith("export "))
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url + "/sandbox/state", timeout=PATIENCE_S):
            pass
        self.assertEqual(json.loads(run.stdout.readline())["path"], "/sandbox/state")
        run.terminate()
        out, _ = run.communicate(timeout=PATIENCE_S)
        self.assertEqual((run.returncode, out), (0, ""))

    def test_port(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        run = subprocess.Popen([PROGRAM, "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.assertEqual(run.stdout.readline(), f"ecoauth-sandbox ready: http://127.0.0.1:{port}\n")
        run.terminate()
        run.communicate(timeout=PATIENCE_S)

    def test_listens_on_loopback_alone(self):
        self.sandbox = self.new_sandbox()
        self.assertEqual(listening(self.sandbox.pid), {("0100007F", self.sandbox.port)})

    def test_other_loopback_addresses(self):
        self.sandbox = self.new_sandbox("--listen", "127.0.0.9")
        self.assertEqual(listening(self.sandbox.pid), {("0900007F", self.sandbox.port)})
        self.assertEqual(self.authorize().status, 200)
        self.sandbox = self.new_sandbox("--listen", "localhost")
        self.assertEqual(self.authorize().status, 200)
        with open("/proc/net/if_inet6", encoding="ascii") as file:
            if " lo\n" not in file.read():
                return  # this machine has no IPv6 loopback to listen on
        self.sandbox = self.new_sandbox("--listen", "::1")
        self.assertEqual(self.sandbox.url, f"http://[::1]:{self.sandbox.port}")
        self.assertEqual(self.authorize().status, 200)

    def test_remote_needs_words_and_warns(self):
        self.sandbox = self.new_sandbox("--listen", "0.0.0.0", "--allow-remote", "--tls")
        self.assertIn("WARNING", self.sandbox.errors())
        unchecked = ssl.create_default_context()
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(f"https://localhost:{self.sandbox.port}/consumerportal/control", context=unchecked,
                                    timeout=PATIENCE_S) as page:
            self.assertIn("Other machines can reach it", page.read().decode())
        self.assertEqual(listening(self.sandbox.pid), {("00000000", self.sandbox.port)})

    def test_ends_cleanly(self):
        """Whatever clients are doing at that moment, and soon."""
        for number in SIGNALS:
            for tls in ((), ("--tls",)):
                with self.subTest(signal=number, tls=tls):
                    self.sandbox = self.new_sandbox(*tls)
                    address = (self.sandbox.host, self.sandbox.port)
                    silent, half = socket.create_connection(address), socket.create_connection(address)
                    half.sendall(b"POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Le")
                    with silent, half:
                        if not tls:
                            kept = self.sandbox.connect()
                            kept.request("GET", "/authorize")
                            kept.getresponse().read()
                            self.sandbox.control("fault", name="delay", ms=600000)
                            delayed = self.sandbox.connect()
                            delayed.request("GET", "/authorize")
                            self.addCleanup(kept.close)
                            self.addCleanup(delayed.close)
                        start = time.monotonic()
                        self.assertEqual(self.sandbox.end(number), 0)
                        self.assertLess(time.monotonic() - start, 5)
                    self.assertEqual(self.sandbox.errors(), "")

    def test_ends_right_after_an_answer(self):
        """The moment in which a thread of POCO's is about to wait again, and would not hear that it is to end."""
        for _ in range(50):
            self.sandbox = self.new_sandbox("--profile", "legacy")
            self.authorize()
            start = time.monotonic()
            self.assertEqual(self.sandbox.end(), 0)
            self.assertLess(time.monotonic() - start, 5)

    def test_same_port_at_once_again(self):
        """The port of an ended sandbox is not blocked by connections that it closed."""
        self.sandbox = self.new_sandbox()
        self.sandbox.request("GET", "/authorize", headers={"Connection": "close"})
        port = self.sandbox.port
        self.sandbox.end()
        run = subprocess.Popen([PROGRAM, "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = run.stdout.readline()
        run.terminate()
        _, err = run.communicate(timeout=PATIENCE_S)
        self.assertIn("ready", line, err)


class Tls(Case):
    ARGUMENTS = ("--tls", "--tls-ca-out", "ca.pem", "--allow-host", "sandbox.test")

    def setUp(self):
        super().setUp()
        self.ca_file = os.path.join(self.sandbox.folder, "ca.pem")

    def handshake(self, name, ca_file=None, ciphers=None, **limits):
        context = ssl.create_default_context(cafile=ca_file)
        if ciphers:
            context.set_ciphers(ciphers)
        for key, value in limits.items():
            setattr(context, key, value)
        with socket.create_connection((self.sandbox.host, self.sandbox.port), PATIENCE_S) as plain:
            with context.wrap_socket(plain, server_hostname=name) as secured:
                return secured.version(), secured.getpeercert()

    def test_certificate(self):
        for name in ("localhost", "127.0.0.1", "::1", "sandbox.test"):
            self.assertEqual(self.handshake(name, self.ca_file)[0], "TLSv1.3")
        for name, ca_file in (("example.com", self.ca_file), ("localhost", None)):
            with self.assertRaises(ssl.SSLCertVerificationError):
                self.handshake(name, ca_file)

    def test_versions(self):
        two = ssl.TLSVersion.TLSv1_2
        self.assertEqual(self.handshake("localhost", self.ca_file, maximum_version=two)[0], "TLSv1.2")
        with warnings.catch_warnings(), self.assertRaisesRegex(ssl.SSLError, "ALERT_PROTOCOL_VERSION"):
            warnings.simplefilter("ignore", DeprecationWarning)
            self.handshake("localhost", self.ca_file, "ALL:@SECLEVEL=0", minimum_version=ssl.TLSVersion.TLSv1,
                           maximum_version=ssl.TLSVersion.TLSv1_1)

    def test_the_protocol_over_it(self):
        def call(method, path, **what):
            return self.sandbox.request(method, path, ca_file=self.ca_file, **what)

        pending = call("GET", "/authorize", query={"response_type": "ecobeePin", "client_id": self.client_id,
                                                   "scope": "smartRead"}).json()
        self.assertEqual(call("POST", "/sandbox/approve", form={"pin": pending["ecobeePin"]}).status, 200)
        tokens = call("POST", "/token", form={"grant_type": "ecobeePin", "code": pending["code"],
                                              "client_id": self.client_id}).json()
        answer = call("GET", "/1/thermostat", headers={"Authorization": "Bearer " + tokens["access_token"]})
        self.expect_api(answer, 0)
        page = call("GET", "/consumerportal/index.html")
        self.assertIn("; Secure", page.headers["Set-Cookie"])

    def test_plain_text_gets_nothing(self):
        with socket.create_connection((self.sandbox.host, self.sandbox.port), PATIENCE_S) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try:
                self.assertNotIn(b"HTTP/1.1", plain.recv(1000))
            except ConnectionResetError:
                pass

    def test_silent_handshakes_stop_nobody(self):
        silent = [socket.create_connection((self.sandbox.host, self.sandbox.port)) for _ in range(100)]
        try:
            start = time.monotonic()
            self.assertEqual(self.handshake("localhost", self.ca_file)[0], "TLSv1.3")
            self.assertLess(time.monotonic() - start, 5)
        finally:
            for each in silent:
                each.close()

    def test_certificate_of_ones_own(self):
        folder = self.sandbox.folder
        cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "2", "-subj", "/CN=mine", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        self.sandbox = self.new_sandbox("--tls", "--tls-cert", cert, "--tls-key", key)
        self.assertEqual(self.handshake("localhost", cert)[1]["subject"], ((("commonName", "mine"),),))


if __name__ == "__main__":
    main()
