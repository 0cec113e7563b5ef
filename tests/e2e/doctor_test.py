"""Each thing that can be wrong is made wrong, and "ecoauth doctor" must name it, say what to do, and leave the others in peace."""
import email.utils
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import threading
import time

from harness import CLIENT_ID, Case, main

OFD_SETLK = 37
LOCK_OFFSET = 1 << 30


class Doctor(Case):
    def doctor(self, tool, *arguments, exit_code=0, **options):
        """The findings by name."""
        people = self.expect(tool.run("doctor", *arguments, **options), exit_code)
        run = self.expect(tool.run("doctor", "--json", *arguments, **options), exit_code)
        lines = run.objects()
        self.assertEqual((lines[-1]["type"], lines[-1]["exit_code"]), ("doctor", exit_code))
        found = {}
        for line in lines[:-1]:
            self.assertEqual(line["type"], "check")
            if line["verdict"] in ("warning", "failed"):
                self.assertGreater(len(line["advice"]), 10, line)
            self.assertEqual(line["exit_code"] != 0, line["verdict"] == "failed")
            self.assertIn(line["name"] + ":", people.out)
            if line["name"] not in ("Token age", "TLS"):  # it has grown; a failed handshake fails in several ways
                self.assertIn(line["message"], people.out)
            self.assertIn(line["advice"], people.out)
            found[line["name"]] = line
        self.assertEqual(lines[-1]["failed"], len(self.bad(found, "failed")))
        for text in (people.out, people.err, run.out, run.err):
            self.assertNotIn(CLIENT_ID, text)
        return found

    def bad(self, found, *verdicts):
        return sorted(name for name, line in found.items() if line["verdict"] in (verdicts or ("warning", "failed")))

    def only(self, found, name, verdict, *words):
        """Nothing else is called wrong."""
        self.assertEqual(self.bad(found), [name], found)
        self.assertEqual(found[name]["verdict"], verdict)
        for word in words:
            self.assertIn(word, found[name]["message"] + found[name]["advice"])

    def logged_in(self, *arguments, **options):
        sandbox = self.sandbox(*arguments, **options)
        tool = self.tool(sandbox)
        if "ca_file" in options:
            tool.environment["ECOAUTH_CA_FILE"] = options["ca_file"]
        self.login(tool, sandbox)
        return sandbox, tool

    def test_all_is_well(self):
        ca_file = os.path.join(self.folder, "ca.pem")
        sandbox, tool = self.logged_in("--tls", "--tls-ca-out", ca_file, ca_file=ca_file)
        files, log = tool.files(), sandbox.log()
        found = self.doctor(tool)
        self.assertEqual(self.bad(found), [])
        self.assertTrue({"Proxy", "DNS", "Connection", "Certificates", "TLS", "Answer", "Clock", "Store", "File system", "Room",
                         "Token files", "Lock", "Grant", "Seal", "Token age"} <= set(found), set(found))
        self.assertRegex(found["TLS"]["message"], r"^TLSv1\.[23], certificate of .*, valid for another \d+ days$")
        self.assertEqual(tool.files(), files)
        asked = [request for request in sandbox.log()[len(log):] if not request["path"].startswith("/sandbox/")]
        self.assertEqual({(request["method"], request["path"]) for request in asked}, {("HEAD", "/")})
        self.assertEqual({(request["authorization"], str(request["query"]), str(request["form"])) for request in asked},
                         {("", "{}", "{}")})

    def test_before_the_first_login(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        found = self.doctor(tool)
        self.assertEqual(self.bad(found), [])
        self.assertEqual(found["Grant"]["verdict"], "note")
        self.assertIn("will be made", found["Store"]["message"])
        self.assertFalse(os.path.exists(tool.store))
        self.assertEqual(self.doctor(tool, "--store", "memory:")["Store"]["verdict"], "note")

    def answering(self, answer):
        """The address of a server that says this to whatever comes."""
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1024)
                    connection.sendall(answer)
        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(listener.close)
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def test_clock(self):
        for seconds, words in ((7200, "2 h behind the server's"), (-7200, "2 h ahead of the server's"), (100, ""), (-100, "")):
            date = email.utils.formatdate(time.time() + seconds + (2 if seconds > 0 else -2), usegmt=True)
            server = self.answering(f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode())
            with self.subTest(seconds=seconds):
                if words:
                    self.only(self.doctor(self.tool(), "--server", server, exit_code=4), "Clock", "failed", words[:4], "NTP")
                else:
                    self.assertEqual(self.bad(self.doctor(self.tool(), "--server", server)), [])

    def test_name(self):
        self.only(self.doctor(self.tool(), "--server", "https://nowhere.invalid", exit_code=5), "DNS", "failed", "nowhere.invalid")

    def test_connection(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            server = f"http://127.0.0.1:{unused.getsockname()[1]}"
            tool = self.tool()
            tool.environment["https_proxy"] = "http://secret@127.0.0.1:9"  # has nothing to do with this machine
            found = self.doctor(tool, "--server", server, exit_code=5)
            self.only(found, "Connection", "failed", "refused", "runs on this machine")
            self.assertEqual(found["Proxy"]["verdict"], "ok")
            found = self.doctor(tool, "--server", "https://nowhere.invalid", exit_code=5)
            self.only(found, "DNS", "failed", "https_proxy is set", "--proxy")
            self.assertEqual(found["Proxy"]["verdict"], "note")
            self.assertNotIn("secret", str(found))

    def test_certificate(self):
        ca_file = os.path.join(self.folder, "ca.pem")
        sandbox, tool = self.logged_in("--tls", "--tls-ca-out", ca_file, ca_file=ca_file)
        del tool.environment["ECOAUTH_CA_FILE"]
        self.only(self.doctor(tool, exit_code=4), "TLS", "failed", "certificate was refused", "--ca-file")
        other = self.sandbox()
        self.only(self.doctor(tool, "--server", other.url.replace("http:", "https:"), exit_code=5), "TLS", "failed")
        self.assertIn(ca_file, self.doctor(tool, "--ca-file", ca_file)["Certificates"]["message"])
        del sandbox

    def test_no_web_server(self):
        server = self.answering(b"220 mail.example ESMTP\r\n\r\n")
        self.only(self.doctor(self.tool(), "--server", server, exit_code=5), "Answer", "failed", "--server")

    def test_server_in_trouble(self):
        server = self.answering(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        self.only(self.doctor(self.tool(), "--server", server), "Answer", "warning", "HTTP 503")

    def proxy(self, *lines):
        program = shutil.which("tinyproxy")
        self.assertTrue(program, "tinyproxy is missing")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        path = os.path.join(self.folder, "tinyproxy.conf")
        with open(path, "w") as file:
            file.write("\n".join([f"Port {port}", "Listen 127.0.0.1", "Timeout 60", *lines, ""]))
        process = subprocess.Popen([program, "-d", "-c", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return f"http://127.0.0.1:{port}"
            except OSError:
                threading.Event().wait(0.01)
        raise AssertionError("tinyproxy does not start")

    def test_proxy(self):
        ca_file = os.path.join(self.folder, "ca.pem")
        sandbox, tool = self.logged_in("--tls", "--tls-ca-out", ca_file, ca_file=ca_file)
        proxy = self.proxy(f"ConnectPort {sandbox.port}")
        found = self.doctor(tool, "--proxy", proxy)
        self.assertEqual(self.bad(found), [])
        self.assertIn(proxy.removeprefix("http://"), found["Proxy"]["message"])
        self.expect(tool.run("refresh", "--proxy", proxy), 0)
        tool.environment["ECOAUTH_PROXY"] = "http://127.0.0.1:1"
        self.only(self.doctor(tool, exit_code=5), "Connection", "failed", "ECOAUTH_PROXY")

    def test_proxy_that_refuses(self):
        ca_file = os.path.join(self.folder, "ca.pem")
        _, tool = self.logged_in("--tls", "--tls-ca-out", ca_file, ca_file=ca_file)
        self.only(self.doctor(tool, "--proxy", self.proxy("ConnectPort 1"), exit_code=4), "Tunnel", "failed", "HTTP 403")

    def test_proxy_with_a_password(self):
        ca_file = os.path.join(self.folder, "ca.pem")
        sandbox, tool = self.logged_in("--tls", "--tls-ca-out", ca_file, ca_file=ca_file)
        proxy = self.proxy(f"ConnectPort {sandbox.port}", "BasicAuth user secret")
        self.only(self.doctor(tool, "--proxy", proxy, exit_code=4), "Tunnel", "failed", "password", "ECOAUTH_PROXY")
        tool.environment["ECOAUTH_PROXY"] = proxy.replace("//", "//user:secret@")
        found = self.doctor(tool)
        self.assertEqual((self.bad(found), found["Tunnel"]["verdict"]), ([], "note"))
        self.assertNotIn("secret", str(found))

    def test_store_open_to_others(self):
        _, tool = self.logged_in()
        os.chmod(tool.store, 0o777)
        found = self.doctor(tool, exit_code=7)
        self.assertIn("mode 0777", found["Store"]["message"])
        self.assertIn("chmod 700", found["Store"]["advice"])
        os.chmod(tool.store, 0o755)
        self.only(self.doctor(tool), "Store", "warning", "chmod 700")

    def test_token_file_open_to_others(self):
        _, tool = self.logged_in()
        name = next(iter(tool.files()))
        os.chmod(os.path.join(tool.store, name), 0o644)
        found = self.doctor(tool, exit_code=7)
        self.assertEqual(self.bad(found), ["Grant", "Token file"])  # the library refuses it, too
        self.assertIn("mode 0644", found["Token file"]["message"])

    def test_store_that_is_no_folder(self):
        path = os.path.join(self.folder, "file")
        open(path, "w").close()
        found = self.doctor(self.tool(self.sandbox()), "--store", "file:" + path, exit_code=7)
        self.assertIn("is no folder", found["Store"]["message"])

    def test_damaged_token_file(self):
        _, tool = self.logged_in()
        name = next(iter(tool.files()))
        with open(os.path.join(tool.store, name), "r+b") as file:
            file.write(b"x" * 102400)
        self.only(self.doctor(tool, exit_code=7), "Grant", "failed")

    def test_lock(self):
        _, tool = self.logged_in()
        with open(os.path.join(tool.store, next(iter(tool.files()))), "r+b") as file:
            fcntl.fcntl(file, OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, LOCK_OFFSET, 1, 0))
            found = self.doctor(tool)
            self.assertEqual((self.bad(found), found["Lock"]["verdict"]), ([], "note"))
            self.assertIn("another process holds", found["Lock"]["message"])
        self.assertEqual(self.doctor(tool)["Lock"]["verdict"], "ok")

    def test_file_system(self):
        if not os.path.isdir("/dev/shm"):
            self.skipTest("no /dev/shm")
        store = f"/dev/shm/ecoauth-doctor-{os.getpid()}"
        self.only(self.doctor(self.tool(self.sandbox()), "--store", "file:" + store), "File system", "warning", "tmpfs", "restarts")

    def test_grant_refused(self):
        sandbox, tool = self.logged_in()
        sandbox.control("revoke", client_id=CLIENT_ID)
        tool.run("request", "GET", "/1/thermostatSummary")
        found = self.doctor(tool, exit_code=3)
        self.only(found, "Grant", "failed", "login")

    def test_interrupted(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            tool = self.tool()
            process = tool.start("doctor", "--server", f"http://127.0.0.1:{silent.getsockname()[1]}")
            connection, _ = silent.accept()
            with connection:
                connection.recv(1024)
                process.terminate()
                self.expect_failure(tool.end(process), 130, "interrupted")


if __name__ == "__main__":
    main()
