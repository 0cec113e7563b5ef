"""The server's answer is cut after every byte: ended, reset, or never continued. A refresh token that is complete in what came is
always kept, and under a policy with a grace nothing is ever lost.

A proxy of our own stands between: it passes the request on, takes the whole answer, hands out so many bytes of it, and ends as it
is told. The host is killed as soon as it has reacted, and what is on its disk is looked at without the library."""
import collections
import fcntl
import json
import random
import re
import socket
import struct
import subprocess
import termios
import threading
import time

from rig import LIMIT_S, Section, ServerView, Store, goes_on, wait_for

WAYS = ["end", "reset", "stall"]
FLAG_AMBIGUOUS = 4
STALL_TIMEOUT_MS = 1000  # the shortest that the library takes
IN_TIME_S = 0.3          # before it gave up at least, the client must have got its bytes ...
LATE_SHARE = 0.2         # ... and on a machine so busy that it did not, the point does not count: of the stalls at most this share


class CuttingProxy:
    """Answers to POST /token are cut as `after` and `way` say, others pass whole."""

    def __init__(self, url):
        self.port = int(url.rsplit(":", 1)[1])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.after = self.way = None
        self.whole = None
        self.delivered_at = None
        self.held = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def cut(self, after, way):
        """From now on; `way` None: no longer."""
        self.after, self.way, self.whole = after, way, None
        self.delivered_at = None

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_one, args=(client,), daemon=True).start()

    def _serve_one(self, client):
        try:
            self._forward(client)
        except OSError:
            client.close()

    def _forward(self, client):
        request = b""
        while True:  # the client's requests are small and come whole
            request += client.recv(65536)
            head, _, body = request.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            if not request or b"\r\n\r\n" in request and len(body) >= int(length[1] if length else 0):
                break
        with socket.create_connection(("127.0.0.1", self.port)) as server:
            server.sendall(request)
            answer = b""
            while not complete(answer):
                piece = server.recv(65536)
                if not piece:
                    break
                answer += piece
        if not request.startswith(b"POST /token") or self.way is None:
            client.sendall(answer)
            client.close()
            return
        way = self.way
        if self.whole is None:  # what is looked at is the first try
            self.whole = answer
        client.sendall(answer[:self.after])
        if way == "stall":
            self.held.append(client)
            while unread(client) and self.whole is answer:
                time.sleep(0.001)
            if self.whole is answer:
                self.delivered_at = time.monotonic()
            return
        if way == "reset":
            # Not before the client has read what was sent: a reset may throw away what waits.
            wait_for(lambda: unread(client) == 0, "the client to read", LIMIT_S)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for client in self.held:
            client.close()


def complete(answer):
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    return bool(end and length and len(body) >= int(length[1]))


def unread(client):
    """Bytes that the peer, on this machine, has not acknowledged yet: SIOCOUTQ."""
    return struct.unpack("i", fcntl.ioctl(client, termios.TIOCOUTQ, bytes(4)))[0]


class Bench:
    """One worker's proxy and store. Every point has an account of its own."""

    def __init__(self, rig, section, sandbox):
        self.rig, self.section, self.sandbox = rig, section, sandbox
        self.proxy = CuttingProxy(sandbox.url)
        self.store = Store(rig, sandbox, "file", url=self.proxy.url)
        self.counts = collections.Counter()

    def react(self, account, way):
        """Starts a refresh and kills the host when it has reacted to what came of the answer."""
        limit = [f"request_timeout_ms={STALL_TIMEOUT_MS}"] if way == "stall" else []
        process = subprocess.Popen(self.store.command([account], "events=1", *limit, "refresh"),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        timer = threading.Timer(LIMIT_S, process.kill)
        timer.start()
        seen = []
        try:
            for line in process.stdout:
                seen.append(json.loads(line))
                # A new pair is saved, or the answer is known to be missing.
                kept = seen[-1].get("event") == "TOKEN" and seen[-1]["generation"] > 2
                missing = seen[-1].get("event") == "STATE" and seen[-1]["flags"] & FLAG_AMBIGUOUS and self.proxy.whole
                if kept or missing or "did" in seen[-1]:
                    return seen[-1]
            return None
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            process.stdout.close()

    def point(self, account, after, way):
        self.proxy.cut(after, way)
        reaction = self.react(account, way)
        name = f"{way} after {after} bytes, {account}"
        if not self.section.check(reaction is not None and self.proxy.whole, f"{name}: no reaction"):
            return None
        delivered_at = self.proxy.delivered_at
        if way == "stall" and (delivered_at is None or time.monotonic() - delivered_at < IN_TIME_S):
            self.counts["late"] += 1
            return None
        whole = self.proxy.whole
        token = re.search(rb'"refresh_token"\s*:\s*"([^"]+)"', whole)
        came = after >= token.end()
        record = self.store.record(account)
        on_disk = token[1].decode() in record.candidates
        self.counts["points"] += 1
        self.counts["token complete"] += came
        self.section.check(on_disk == came, f"{name}: the refresh token {'came whole' if came else 'did not come whole'}, "
                                            f"and is {'' if on_disk else 'not '}on disk ({reaction}; of {len(whole)} bytes)")
        self.section.check(came or record.has_intent, f"{name}: no intent is left")
        return came


def sweep(rig, section, sandbox, policy, way, points):
    """All points of one way of cutting; afterwards fresh processes go on."""
    sandbox.control("policy", refresh=policy)
    workers = rig.jobs * (8 if way == "stall" else 1)
    counts = collections.Counter()

    def work(number):
        bench = Bench(rig, section, sandbox)
        mine = points[number::workers]
        try:
            for start in range(0, len(mine), 50):
                part = {f"{policy}-{way}-{after}": after for after in mine[start:start + 50]}
                bench.store.prepare(list(part))
                came = {account: bench.point(account, after, way) for account, after in part.items()}
                bench.proxy.cut(0, None)
                # Under a strict policy what never came whole is lost, and nobody could keep it.
                recoverable = [account for account, whole in came.items() if whole or policy == "grace"]
                view = ServerView(sandbox)
                for account in part:
                    if came[account] is None and policy != "grace":
                        continue
                    lost = view.lost(bench.store.record(account))
                    section.check(lost == (account not in recoverable), f"{account}: lost is {lost}")
                    counts["lost"] += lost
                records = {account: bench.store.record(account) for account in recoverable}
                check = bench.store.host(recoverable, "request", "refresh", "request") if recoverable else None
                for account in recoverable:
                    answers = check.answers(account=account)
                    section.check(goes_on(answers, records[account]), f"{account}: afterwards {answers}")
        finally:
            bench.proxy.close()
        return bench.counts

    for found in rig.side_by_side(work, list(range(workers)), jobs=workers):
        counts.update(found)
    return counts


def run(rig):
    section = Section("cuts", "The answer is cut after every byte")
    generator = random.Random(rig.seed)
    rows, late = [], 0
    with rig.sandbox() as sandbox:
        proxy = CuttingProxy(sandbox.url)
        store = Store(rig, sandbox, "file", url=proxy.url)
        store.prepare(["probe"])
        proxy.cut(10**6, "end")
        ran = store.host(["probe"], "refresh")
        length = len(proxy.whole)
        proxy.close()
        section.check(ran.exit_code == 0, f"through the proxy, uncut: {ran}")
        for policy in ("grace", "strict"):
            for way in WAYS:
                # Some bytes more than this answer had: they differ a little in length. Nothing at all is one of the points.
                points = list(range(0, length)) if rig.night else sorted(generator.sample(range(0, length), 30))
                counts = sweep(rig, section, sandbox, policy, way, points)
                late += counts["late"]
                rows.append([policy, way, counts["points"], counts["token complete"], counts["lost"]])
                print(f"  {policy}, {way}: {dict(counts)}", flush=True)
    section.check(late <= LATE_SHARE * len(points) * 2, f"{late} of {2 * len(points)} stalls came too late")
    section.check(all(0 < row[3] < row[2] for row in rows), f"the cuts were all on one side of the token: {rows}")
    section.check(all(row[4] == 0 for row in rows if row[0] == "grace"), f"lost under a grace: {rows}")
    section.table(["policy", "ends by", "cuts", "new refresh token complete in what came, and kept", "lost (it never came)"], rows)
    section.tell(f"An answer has {length} bytes. Its members come in another order each time.")
    return section
