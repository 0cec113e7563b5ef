"""How much the sandbox can take: token requests, beside POCO's server with a constant answer, and the memory that grants take. A rate
is what a second of the server's own processor time serves, so that a busy machine does not change it much."""
import os
import re
import signal
import socket
import subprocess
import urllib.parse

CLIENT_ID = "SandboxLoadSandboxLoadSandboxLoa"
CONNECTIONS = 8


class Server:
    """A program that serves on one processor and tells its port first."""

    def __init__(self, command, processor):
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, {processor}))
        self.port = int(re.search(r"(\d+)$", self.process.stdout.readline().strip()).group(1))
        self.sockets = [socket.create_connection(("127.0.0.1", self.port), 20) for _ in range(CONNECTIONS)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self.sockets:
            each.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.process.stdin.close()
        self.process.stdout.close()

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def exchange(self, requests):
        """At most one for each connection, at the same time; the bodies of the answers."""
        used = self.sockets[:len(requests)]
        for each, request in zip(used, requests):
            each.sendall(request)
        return [body_of(each) for each in used]

    def rate(self, request, count):
        self.exchange([request] * CONNECTIONS)
        began = self.cpu_s()
        for _ in range(count // CONNECTIONS):
            self.exchange([request] * CONNECTIONS)
        return count // CONNECTIONS * CONNECTIONS / (self.cpu_s() - began)


def body_of(connection):
    answer = connection.recv(65536)
    while True:
        head, _, body = answer.partition(b"\r\n\r\n")
        announced = re.search(rb"Content-Length: (\d+)", head)
        if announced and len(body) >= int(announced.group(1)):
            if not head.startswith(b"HTTP/1.1 200"):
                raise AssertionError(answer[:300])
            return body
        more = connection.recv(65536)
        if not more:
            raise AssertionError(answer[:300])
        answer += more


def post(**form):
    body = urllib.parse.urlencode(form)
    return (f"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def member(body, name):
    return re.search(rb'"%s": "([^"]*)"' % name.encode(), body).group(1).decode()


def log_in(server, count):
    """So many grants; the refresh token of the last."""
    query = urllib.parse.urlencode({"response_type": "ecobeePin", "client_id": CLIENT_ID, "scope": "smartRead"})
    ask = f"GET /authorize?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    token = b""
    while count > 0:
        pins = server.exchange([ask] * min(count, CONNECTIONS))
        codes = [member(pin, "code") for pin in pins]
        token = server.exchange([post(grant_type="ecobeePin", code=code, client_id=CLIENT_ID) for code in codes])[-1]
        count -= len(codes)
    return token, member(token, "refresh_token")


def measure(build, processor, quick, run):
    """For each profile the rates, and the megabytes that 100,000 grants take. `run` runs a program and reads its numbers."""
    count, grants = (4000, 400) if quick else (40000, 10000)
    program = build / "src/sandbox/ecoauth-sandbox"
    found = {"signatures": run(build / "tests/bench/rs256", 200 if quick else 2000)["signatures_per_s"]}
    for profile in ("legacy", "current"):
        # Without rotation, so that one request can be made again and again.
        command = [program, "--profile", profile, "--refresh-policy", "reusable", "--auto-approve", "0"]
        with Server(command, processor) as sandbox:
            answer, token = log_in(sandbox, 1)
            request = post(grant_type="refresh_token", refresh_token=token, client_id=CLIENT_ID)
            with Server([build / "tests/bench/constant_server", len(answer)], processor) as floor:
                found[profile] = {"constant": floor.rate(request, count), "sandbox": sandbox.rate(request, count)}
            # The log and the PINs fill up first: they are bounded.
            log_in(sandbox, grants // 2)
            before = sandbox.resident_bytes()
            log_in(sandbox, grants)
            found[profile]["megabytes"] = (sandbox.resident_bytes() - before) / grants * 100_000 / 1e6
    return found


def add_rows(table, found):
    legacy, current = found["legacy"], found["current"]
    # A rate is better when it is higher; the ratio counts time, as everywhere in this table.
    for name, floor_name, floor, profile, goal in (
            ("sandbox, legacy: token requests/s, one core", "bare POCO", legacy["constant"], legacy, 2),
            ("sandbox, current: token requests/s, one core", "bare RS256", found["signatures"], current, None)):
        table.add(name, f"{floor:.0f} {floor_name}", f"{profile['sandbox']:.0f}", floor / profile["sandbox"], goal)
        table.add("  memory of 100,000 grants: MB", "", f"{profile['megabytes']:.0f}")
