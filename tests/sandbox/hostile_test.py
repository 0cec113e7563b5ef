"""Requests nobody should send, and clients that would like to keep the server busy: each ends, the next client is served at
once, memory stays small."""
import json
import os
import re
import resource
import socket
import threading
import time

from sandbox_case import PATIENCE_S, Case, main, wait_for

SOON_S = 5  # it takes milliseconds on an idle machine (./dev bench), a stock POCO server would take a minute
MEMORY_LIMIT_KIB = 64 * 1024
CLIENT_ID = b"A" * 32
HEAD = b"POST /token HTTP/1.1\r\nHost: localhost\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


class Hostile(Case):
    ARGUMENTS = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)  # the test's own, after the sandbox has got the usual one
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))

    def connect(self):
        connection = socket.create_connection((self.sandbox.host, self.sandbox.port), PATIENCE_S)
        self.addCleanup(connection.close)
        return connection

    def raw(self, *pieces, ended=True):
        """What comes back for these bytes until the server closes; None after a reset."""
        connection = self.connect()
        try:
            for piece in pieces:
                connection.sendall(piece)
            if ended:
                connection.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
            return received
        except OSError as problem:
            self.assertNotIsInstance(problem, TimeoutError)
            return None
        finally:
            connection.close()

    def status(self, answer):
        return int(answer.split(b" ", 2)[1]) if answer else None

    def expect_alive(self):
        """The best of three: a busy machine may keep the test itself waiting."""
        times = []
        for _ in range(3):
            start = time.monotonic()
            self.start_pin()
            times.append(time.monotonic() - start)
            if times[-1] < SOON_S:
                return
        self.fail(f"a new client waited {times} s")

    def peak_memory_kib(self):
        """None in a build with a sanitizer, whose memory is its own."""
        with open(f"/proc/{self.sandbox.pid}/maps", encoding="utf-8") as file:
            if re.search("lib(asan|tsan|ubsan)", file.read()):
                return None
        with open(f"/proc/{self.sandbox.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))

    def expect_small(self):
        peak_kib = self.peak_memory_kib()
        if peak_kib is not None:
            self.assertLess(peak_kib, MEMORY_LIMIT_KIB)

    def test_junk(self):
        rows = [
            b"", b"\r\n\r\n", b"\0" * 1000, b"\xff" * 5000, b"GET\r\n\r\n", b"GET /\r\n\r\n", b"x" * 100000,
            b"GET  /  HTTP/1.1\r\n\r\n",
            b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"M" * 1000 + b" / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"H: v\r\n" * 5000 + b"\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"v" * 1000000 + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"N" * 10000 + b": v\r\n\r\n",
            b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"GET / HTTP/1.1\r\n: v\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,  # a TLS greeting to plain http
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ]
        for junk in rows:
            with self.subTest(junk=junk[:30]):
                answer = self.raw(junk)
                self.assertIn(self.status(answer), (None, 400, 421), answer)
                self.expect_alive()

    def test_odd_but_harmless(self):
        query = b"response_type=ecobeePin&client_id=" + CLIENT_ID + b"&scope=smartRead"
        rows = [
            (b"GET /authorize?" + query + b" HTTP/1.0\r\nHost: localhost\r\n\r\n", 200),
            (b"GET /authorize?&&" + query.replace(b"&", b"&&") + b"& HTTP/1.1\r\nhOsT: localhost\r\nConnection: close\r\n\r\n",
             200),
            (b"GET http://evil.example/authorize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
            (b"GET //authorize?" + query + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
            (b"GET /../authorize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
            (b"GET /%61uthorize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
        ]
        for request, status in rows:
            with self.subTest(request=request[:40]):
                self.assertEqual(self.status(self.raw(request)), status)

    def test_bad_parameters(self):
        """Broken escapes, bytes that are no text, too many: invalid_request, in the query and in the form."""
        good = b"grant_type=refresh_token&refresh_token=x&client_id=" + CLIENT_ID
        for parameters in (b"%", b"x=%", b"x=%4", b"x=%zz", b"%zz=x", b"x=%%41", b"x=1" + b"&y=2" * 200):
            for request in (HEAD + FORM + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(good + b"&" + parameters) +
                            good + b"&" + parameters,
                            HEAD.replace(b"/token", b"/token?" + good + b"&" + parameters) +
                            b"Content-Length: 0\r\nConnection: close\r\n\r\n"):
                with self.subTest(request=request):
                    answer = self.raw(request)
                    self.assertEqual(self.status(answer), 400, answer)
                    self.assertEqual(json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"], "invalid_request")

    def test_bytes_in_values(self):
        """Answers stay JSON whatever they repeat."""
        for scope in (b"%00", b"%ff%fe", b"%22%5c%0a%1b", b"%e2%80%a8", b"\xff\xfe", b"%ed%a0%80", b"%7f"):
            answer = self.raw(b"GET /authorize?response_type=ecobeePin&client_id=" + CLIENT_ID + b"&scope=" + scope +
                              b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            self.assertEqual(self.status(answer), 200, answer)
            json.loads(answer.split(b"\r\n\r\n", 1)[1].decode())
        json.dumps(self.sandbox.state())
        json.dumps(self.sandbox.log())

    def test_large_bodies(self):
        limit = 64 * 1024
        for size, status in ((limit, 400), (limit + 1, 413), (1024 * 1024, 413)):
            body = b"x" * size
            head = HEAD + FORM + b"Connection: close\r\n"
            with self.subTest(size=size):
                self.assertEqual(self.status(self.raw(head + b"Content-Length: %d\r\n\r\n" % size, body)), status)
                chunked = [b"%x\r\n%s\r\n" % (len(part), part) for part in
                           (body[at:at + 30000] for at in range(0, size, 30000))] + [b"0\r\n\r\n"]
                self.assertEqual(self.status(self.raw(head + b"Transfer-Encoding: chunked\r\n\r\n", *chunked)), status)

    def test_endless_body(self):
        """A gigabyte is not read: the server answers, or cuts the connection, long before."""
        for announced in (b"Content-Length: 1073741824\r\n", b"Transfer-Encoding: chunked\r\n"):
            connection, sent = self.connect(), 0
            connection.sendall(HEAD + FORM + announced + b"\r\n")
            piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
            with self.assertRaises((ConnectionResetError, BrokenPipeError)):
                while sent < 1 << 30:
                    connection.sendall(piece)
                    sent += len(piece)
            self.assertLess(sent, 64 << 20)
            self.expect_alive()
        self.expect_small()

    def test_lengths_that_lie(self):
        body = b"grant_type=refresh_token&refresh_token=x&client_id=" + CLIENT_ID
        rows = [
            (b"Content-Length: %d\r\n" % (len(body) + 1), 400), (b"Content-Length: 9999\r\n", 400),
            (b"Content-Length: -1\r\n", 400), (b"Content-Length: 99999999999999999999999\r\n", None),
            (b"Content-Length: x\r\n", None), (b"Transfer-Encoding: chunked\r\n", 400),
        ]
        for length, status in rows:
            with self.subTest(length=length):
                answer = self.raw(HEAD + FORM + length + b"\r\n" + body)
                self.assertIn(self.status(answer), (status, 400), answer)
                self.assertNotIn(b"invalid_grant", answer or b"")  # a cut form must not be taken for the whole
                self.expect_alive()

    def test_post_without_any_body(self):
        """As many clients send it: neither a length nor a body, and the connection stays open."""
        connection = self.connect()
        start = time.monotonic()
        for _ in range(3):
            connection.sendall(HEAD.replace(b"/token", b"/token?grant_type=refresh_token&refresh_token=x&client_id=" + CLIENT_ID)
                               + b"\r\n")
            received = b""
            while b"}" not in received:
                received += connection.recv(65536)
            self.assertIn(b"invalid_grant", received)
        self.assertLess(time.monotonic() - start, SOON_S)

    def test_pipelined(self):
        request = b"GET /authorize HTTP/1.1\r\nHost: localhost\r\n\r\n"
        self.assertEqual(self.raw(request * 20).count(b"HTTP/1.1 400"), 20)

    def test_idle_connections(self):
        """A thousand, which say nothing or half a request: a new client does not wait."""
        for number in range(1000):
            connection = self.connect()
            if number % 2:
                connection.sendall(HEAD[:number % len(HEAD)])
        for _ in range(3):
            self.expect_alive()
        self.expect_small()

    def test_floods(self):
        """Whatever is kept of requests is bounded: the log, PINs, visitors, accounts."""
        query = "&".join(f"x{number}={'smartRead,' * 40}" for number in range(90))
        scope = "scope=" + "smartRead," * 100
        requests = [f"POST /token?{query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n" * 20,
                    f"GET /authorize?{scope}&x=y HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {'a' * 3000}\r\n\r\n" * 100,
                    f"GET /authorize?response_type=ecobeePin&client_id={CLIENT_ID.decode()}&{scope} HTTP/1.1\r\n"
                    "Host: localhost\r\n\r\n" * 100,
                    "GET /consumerportal/index.html HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100]
        for text in requests:
            for _ in range(100):
                self.raw(text.encode())
        self.expect_alive()
        self.expect_small()

    def test_slow_loris(self):
        """Heads and bodies that drip: nobody waits for them, and they are cut off though they never fall silent."""
        stop = threading.Event()
        ends = []

        def drip(opening):
            start = time.monotonic()
            connection = self.connect()
            try:
                connection.sendall(opening)
                while not stop.wait(0.2):
                    connection.sendall(b"x")
            except OSError:
                ends.append(time.monotonic() - start)

        openings = [HEAD + b"X: ", HEAD + FORM + b"Content-Length: 60000\r\n\r\n", b"GET /"]
        threads = [threading.Thread(target=drip, args=(openings[number % 3],)) for number in range(120)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(5):
                self.expect_alive()
                time.sleep(0.1)
            wait_for(lambda: len(ends) == len(threads), "the end of all slow connections")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertGreater(max(ends), 8)  # the last 48 had their ten seconds
        self.expect_small()

    def test_slow_reader(self):
        """Asks for a large answer and never takes it: others do not wait."""
        for _ in range(200):
            self.start_pin("smartRead," * 90)
        for _ in range(60):
            connection = socket.socket()
            self.addCleanup(connection.close)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((self.sandbox.host, self.sandbox.port))
            connection.sendall(b"GET /sandbox/state HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5)
        self.expect_alive()

    def test_threads_come_back(self):
        """After all of that has ended there is nothing left of it."""
        for connection in [self.connect() for _ in range(60)]:
            connection.close()
        wait_for(lambda: len(self.descriptors()) < 20, "the server's descriptors")

    def descriptors(self):
        return os.listdir(f"/proc/{self.sandbox.pid}/fd")


if __name__ == "__main__":
    main()
