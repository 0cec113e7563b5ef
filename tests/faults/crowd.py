"""Many processes with many threads on one account: one refresh for each expiry, no API call that fails, nothing lost when
processes are killed, and the lock of a killed process free at once, also when it has a living forked child."""
import errno
import fcntl
import mmap
import os
import random
import signal
import struct
import subprocess
import time

from rig import LIMIT_S, Section, ServerView, Store, goes_on, refreshes, wait_for

PROCESSES, THREADS = 8, 8
# As in crowd.c.
STOP, PAUSE_MS, FORKS = 0, 1, 2
PID, FORKED, CHILD = 0, 1, 2
GENERATION, CALLS, RETRIES, FAILURES, ERROR, SLOWEST_MS, WAITS = range(7)
DRIVER_WORDS, PROCESS_WORDS, THREAD_WORDS, MOST_THREADS, MOST_PROCESSES = 8, 8, 8, 16, 16
BLOCK_WORDS = PROCESS_WORDS + MOST_THREADS * THREAD_WORDS
LOCK_OFFSET, F_OFD_SETLK = 1 << 30, 37     # FORMAT.md 2.1


class Crowd:
    def __init__(self, rig, store, processes=PROCESSES, threads=THREADS, pause_ms=100):
        self.rig, self.store, self.threads = rig, store, threads
        self.path = rig.new_folder("crowd") / "words"
        size = 8 * (DRIVER_WORDS + MOST_PROCESSES * BLOCK_WORDS)
        self.path.write_bytes(bytes(size))
        with open(self.path, "r+b") as file:
            self.words = mmap.mmap(file.fileno(), size)
        self.set(PAUSE_MS, pause_ms)
        self.count = processes
        self.processes = [None] * processes
        self.pipes = []  # kept open: forked children of killed processes live as long
        for number in range(processes):
            self.start(number)

    def word(self, at):
        return struct.unpack_from("q", self.words, 8 * at)[0]

    def set(self, at, value):
        struct.pack_into("q", self.words, 8 * at, value)

    def of_process(self, number, what):
        return self.word(DRIVER_WORDS + number * BLOCK_WORDS + what)

    def of_threads(self, what):
        return [self.word(DRIVER_WORDS + number * BLOCK_WORDS + PROCESS_WORDS + thread * THREAD_WORDS + what)
                for number in range(self.count) for thread in range(self.threads)]

    def start(self, number):
        process = subprocess.Popen([self.rig.crowd, self.store.sandbox.url, self.store.folder, str(self.threads), self.path, str(number)],
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.pipes.append(process.stdin)
        self.processes[number] = process

    def kill(self, number):
        """Returns when it is dead."""
        process = self.processes[number]
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self):
        """How the processes ended. Nobody may hang."""
        self.set(STOP, 1)
        codes = []
        for process in self.processes:
            try:
                codes.append(process.wait(LIMIT_S))
            except subprocess.TimeoutExpired:
                process.kill()
                codes.append("hung")
                process.wait()
        for pipe in self.pipes:
            pipe.close()
        return codes


def expiries(section, rig, sandbox, count):
    """Exactly one refresh for each expiry, none beside another, and no call fails."""
    store = Store(rig, sandbox, "file")
    store.prepare(["shared"])
    crowd = Crowd(rig, store)
    try:
        wait_for(lambda: min(crowd.of_threads(CALLS)) > 0, "a first call of every thread", LIMIT_S)
        last = refreshes(sandbox)[1]
        slowest = 0
        for number in range(count):
            before = max(crowd.of_threads(GENERATION))
            sandbox.control("expire", what="access")
            began = time.monotonic()
            wait_for(lambda: min(crowd.of_threads(GENERATION)) > before, f"every thread to work again after expiry {number}", LIMIT_S)
            slowest = max(slowest, time.monotonic() - began)
            seen, last = refreshes(sandbox, last)
            good = [entry for entry in seen if entry["outcome"] == "ok"]
            section.check(len(seen) == 1 == len(good), f"expiry {number}: {len(seen)} refreshes, {len(good)} successful")
            for earlier, later in zip(seen, seen[1:]):
                section.check(later["received_ms"] >= earlier["answered_ms"], f"expiry {number}: two refreshes at once")
            sandbox.control("log", method="DELETE")
    finally:
        codes = crowd.stop()
    failures, calls, retries = (sum(crowd.of_threads(what)) for what in (FAILURES, CALLS, RETRIES))
    section.check(codes == [0] * PROCESSES, f"the processes ended with {codes}")
    section.check(failures == 0, f"{failures} API calls failed in spite of a second try: {set(crowd.of_threads(ERROR))}")
    section.check(store.record("shared").generation == 2 + count,
                  f"{count} expiries made generation {store.record('shared').generation} of 2")
    section.tell(f"- {PROCESSES} processes x {THREADS} threads, {count} expiries: {store.record('shared').generation - 2} refreshes, "
                 f"{calls} API calls, {retries} of them at the second try, {failures} failed; all 64 threads at work again after at "
                 f"most {slowest * 1000:.0f} ms.")


def natural_lives(section, rig, seconds):
    """Tokens that end by themselves, by the client's own clock: still one refresh for each, and none early."""
    life_s = 4
    with rig.sandbox("--refresh-policy", "grace", access_s=life_s) as sandbox:
        store = Store(rig, sandbox, "file")
        store.prepare(["shared"])
        last = refreshes(sandbox)[1]
        crowd = Crowd(rig, store)
        found = []
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                time.sleep(1)
                seen, last = refreshes(sandbox, last)
                found += seen
        finally:
            codes = crowd.stop()
        found += refreshes(sandbox, last)[0]
    section.check(codes == [0] * PROCESSES, f"the processes ended with {codes}")
    failures = sum(crowd.of_threads(FAILURES))
    section.check(failures == 0, f"natural lives: {failures} API calls failed: {set(crowd.of_threads(ERROR))}")
    section.check(store.record("shared").generation == 2 + len(found), "natural lives: a refresh without a new generation")
    gaps = [later["received_ms"] - earlier["received_ms"] for earlier, later in zip(found, found[1:])]
    # The advisory point is drawn between 70 and 85 % of a life.
    section.check(gaps and min(gaps) >= 0.69 * life_s * 1000, f"natural lives: refreshed early: {sorted(gaps)[:5]}")
    section.check(len(found) >= seconds / life_s - 2, f"natural lives: only {len(found)} refreshes in {seconds} s")
    section.tell(f"- The same crowd, tokens that live for {life_s} s by themselves, {seconds} s: {len(found)} refreshes, the closest "
                 f"two {min(gaps, default=0)} ms apart, {sum(crowd.of_threads(CALLS))} API calls, {failures} failed.")


def kills(section, rig, seconds):
    """A random process is killed every 100 ms, each with a living forked child. After each attempt in doubt the next generation waits
    for a fifth of a token's life; so these live for a few seconds only."""
    life_s = 5
    with rig.sandbox("--refresh-policy", "grace", access_s=life_s) as sandbox:
        kills_at(section, rig, sandbox, seconds, life_s)


def kills_at(section, rig, sandbox, seconds, life_s):
    generator = random.Random(rig.seed)
    store = Store(rig, sandbox, "file")
    store.prepare(["shared"])
    # A server that takes its time, so that many are killed in the middle of a refresh.
    sandbox.control("fault", name="delay", ms=60, at="token", count=-1)
    crowd = Crowd(rig, store, pause_ms=60)
    crowd.set(FORKS, 1)
    killed = expired = 0
    try:
        wait_for(lambda: min(crowd.of_threads(CALLS)) > 0, "a first call of every thread", LIMIT_S)
        last = refreshes(sandbox)[1]
        total = 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if killed % 5 == 0:
                sandbox.control("expire", what="access")
                expired += 1
            moment = generator.random() * 0.1
            time.sleep(moment)
            number = generator.randrange(PROCESSES)
            crowd.kill(number)
            crowd.start(number)
            killed += 1
            time.sleep(0.1 - moment)
            seen, last = refreshes(sandbox, last)
            total += len(seen)
            sandbox.control("log", method="DELETE")
        before = max(crowd.of_threads(GENERATION))
        sandbox.control("expire", what="access")
        wait_for(lambda: min(crowd.of_threads(GENERATION)) > before, "every thread to work again after the kills", LIMIT_S)
        total += len(refreshes(sandbox, last)[0])
    finally:
        codes = crowd.stop()
        sandbox.control("fault", method="DELETE")
    section.check(codes == [0] * PROCESSES, f"the processes ended with {codes}")
    record = store.record("shared")
    section.check(not ServerView(sandbox).lost(record), f"LOST after {killed} kills")
    check = store.host(["shared"], "request", "refresh", "request")
    section.check(goes_on(check.answers(), record), f"after {killed} kills a fresh process failed: {check}")
    # An expiry that finds the refresh of the one before still under way may need none of its own.
    most = expired + 1 + killed + seconds // (0.7 * life_s)
    section.check(total <= most, f"{total} refreshes for {expired} expiries and {killed} kills")
    waits, calls = sum(crowd.of_threads(WAITS)), sum(crowd.of_threads(CALLS))
    failures = sum(crowd.of_threads(FAILURES)) - waits
    section.check(calls > killed, f"only {calls} API calls worked")
    section.check(failures * 50 <= calls, f"{failures} API calls were refused twice, of {calls}")
    section.tell(f"- One of {PROCESSES} processes killed every 100 ms for {seconds} s: {killed} kills, {expired} expiries, {total} refreshes, "
                 f"{calls} API calls worked, {failures} were refused twice (a second expiry or refresh fell between their tries), "
                 f"{waits} were told to wait (their token had expired right after an attempt in doubt). "
                 f"Nothing lost, every thread at work again.")


def can_lock(descriptor):
    lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, LOCK_OFFSET, 1, 0)
    try:
        fcntl.fcntl(descriptor, F_OFD_SETLK, lock)
        return True
    except OSError as problem:
        if problem.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return False


def lock_after_death(section, rig, sandbox, rounds):
    """A process is killed while it holds the lock in mid-refresh; its forked child lives on."""
    freed_ms = []
    for number in range(rounds):
        store = Store(rig, sandbox, "file")
        store.prepare(["shared"])
        sandbox.control("fault", name="delay", ms=20000, at="token")
        crowd = Crowd(rig, store, processes=1, threads=2)
        try:
            if number % 2:  # before it takes the lock, or while it has it
                crowd.set(FORKS, 1)
                wait_for(lambda: crowd.of_process(0, FORKED) == 1, "a forked child", LIMIT_S)
            last = refreshes(sandbox)[1]
            wait_for(lambda: min(crowd.of_threads(CALLS)) > 0, "a first call of every thread", LIMIT_S)
            sandbox.control("expire", what="access")
            wait_for(lambda: refreshes(sandbox, last)[0], "a refresh under way", LIMIT_S)
            if not number % 2:
                crowd.set(FORKS, 1)
                wait_for(lambda: crowd.of_process(0, FORKED) == 1, "a forked child", LIMIT_S)
            child = crowd.of_process(0, CHILD)
            path = next(store.folder.glob("*.ecoauth"))
            descriptor = os.open(path, os.O_RDWR)
            try:
                section.check(not can_lock(descriptor), "the lock is free in the middle of a refresh")
                sent = time.monotonic()
                crowd.kill(0)
                wait_for(lambda: can_lock(descriptor), "the lock of a dead process", LIMIT_S)
                freed_ms.append((time.monotonic() - sent) * 1000)
            finally:
                os.close(descriptor)
            os.kill(child, 0)  # it lives, or this fails
        finally:
            sandbox.control("fault", method="DELETE")
            crowd.stop()
        record = store.record("shared")
        check = store.host(["shared"], "request", "refresh", "request")
        section.check(goes_on(check.answers(), record), f"after the death of the lock's holder: {check}")
    section.check(max(freed_ms) < 50, f"the lock was free only {max(freed_ms):.0f} ms after its holder was killed")
    section.tell(f"- {rounds} processes killed while they held the lock, each with a living forked child: the lock was free at most "
                 f"{max(freed_ms):.1f} ms after the signal.")


def run(rig):
    section = Section("crowd", "Many processes on one account")
    with rig.sandbox("--refresh-policy", "grace") as sandbox:
        expiries(section, rig, sandbox, rig.by_level(20, 200))
        lock_after_death(section, rig, sandbox, rig.by_level(4, 50))
    kills(section, rig, rig.by_level(6, 120))
    natural_lives(section, rig, rig.by_level(13, 120))
    return section
