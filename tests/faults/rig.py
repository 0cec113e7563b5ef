"""What the fault tests share: the programs, a sandbox, hosts, and what is on disk and on the server, read independently of the
library."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from sandbox_process import SandboxProcess, wait_for  # noqa: E402, F401 (handed on)

# What becomes of a used refresh token. Under the first five nothing may be lost, whatever happens.
FORGIVING = ["reusable", "grace", "grace-last", "until-used", "idempotent"]
STRICT = ["strict", "strict-family"]
POLICIES = FORGIVING + STRICT
STORES = ["file", "calls"]
LIMIT_S = 120          # for a process that needs a second; a busy machine must not make a test fail
GRACE_S = 600          # of the policies that know one: recovery is never late for it, also on a busy machine
# Short enough that the limit of one refresh a minute does not apply, long enough that no token ends by itself.
ACCESS_S = 500


class Rig:
    """Where everything is, how much is to be done, and what has been found."""

    def __init__(self, build, level, seed, jobs):
        self.build, self.level, self.seed, self.jobs = pathlib.Path(build).resolve(), level, seed, jobs
        programs = self.build / "tests" / "faults"
        self.tracer, self.host, self.crowd = programs / "faults_tracer", programs / "faults_host", programs / "faults_crowd"
        self.fast_clock = programs / "libfaults_fast_clock.so"
        self.sandbox_program = self.build / "src" / "sandbox" / "ecoauth-sandbox"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ecoauth-faults."))

    @property
    def night(self):
        return self.level == "night"

    def by_level(self, quick, night):
        return night if self.night else quick

    def new_folder(self, name):
        folder = pathlib.Path(tempfile.mkdtemp(prefix=name + ".", dir=self.folder))
        os.chmod(folder, 0o700)
        return folder

    def sandbox(self, *options, tls=False, access_s=ACCESS_S, grace_s=GRACE_S):
        return Sandbox(self, tls, ["--access-seconds", str(access_s), "--grace", str(grace_s), *options])

    def can_trace(self):
        command = [self.tracer, "--out", self.folder / "trace", "--", "/bin/true"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def side_by_side(self, function, items, jobs=None):
        """function(item) for all of them, some at a time; the results in order."""
        with concurrent.futures.ThreadPoolExecutor(jobs or self.jobs) as pool:
            return list(pool.map(function, items))


class Sandbox(SandboxProcess):
    """A server that approves every PIN at once."""

    def __init__(self, rig, tls, options):
        self.ca_file = str(rig.new_folder("sandbox") / "ca.pem") if tls else None
        super().__init__(rig.sandbox_program, "--auto-approve", "0", "--interval", "1",
                         *(["--tls", "--tls-ca-out", self.ca_file] if tls else []), *options)

    def connect(self, **options):
        return super().connect(**{"ca_file": self.ca_file, **options})


class Section:
    """One part of the tests: what it counted, and what was wrong."""

    def __init__(self, name, title):
        self.name, self.title = name, title
        self.lines, self.wrong = [], []

    def tell(self, line=""):
        """A line of the page of figures."""
        self.lines.append(line)
        print(line, flush=True)

    def table(self, head, rows):
        self.tell()
        self.tell("| " + " | ".join(head) + " |")
        self.tell("| " + " | ".join("---" for _ in head) + " |")
        for row in rows:
            self.tell("| " + " | ".join(str(cell) for cell in row) + " |")
        self.tell()

    def fail(self, text):
        self.wrong.append(text)
        print(f"WRONG: {self.name}: {text}", flush=True)

    def check(self, holds, text):
        if not holds:
            self.fail(text)
        return holds


# --- Hosts ----------------------------------------------------------------------------------------------------------------


class Ran:
    """An ended host: its lines of JSON, its exit code, and what the tracer saw."""

    def __init__(self, command, process, out, err, trace=None):
        self.command, self.exit_code, self.err, self.trace = command, process.returncode, err, trace
        self.out = []
        for line in out.splitlines():
            try:
                self.out.append(json.loads(line))
            except ValueError:
                if process.returncode == 0:  # a killed one may stop anywhere
                    raise

    def answers(self, did=None, account=None):
        return [line for line in self.out if "did" in line and did in (None, line["did"]) and account in (None, line["account"])]

    def answer(self, did):
        found = self.answers(did)
        if len(found) != 1:
            raise AssertionError(f"not one answer to {did}: {self}")
        return found[0]

    def events(self, kind=None):
        return [line for line in self.out if "event" in line and kind in (None, line["event"])]

    def __str__(self):
        return f"{' '.join(map(str, self.command))}: exit code {self.exit_code}, {self.out} {self.err}"


def run(command, environment=None, trace_file=None):
    command = [str(word) for word in command]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, **(environment or {})})
    try:
        out, err = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"no end of {' '.join(command)}: {out} {err}") from None
    trace = None
    if trace_file:
        with open(trace_file, encoding="utf-8") as file:
            trace = json.load(file)
        os.unlink(trace_file)
    return Ran(command, process, out, err, trace)


class Dialogue:
    """A host that is given its commands one by one."""

    def __init__(self, command, environment=None, before=None):
        self.process = subprocess.Popen([*map(str, command), "-"], env={**os.environ, **(environment or {})}, text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=before)
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"the host ended instead of answering to {command}: {self.process.wait(LIMIT_S)}")
            said = json.loads(line)
            if "did" in said:
                return said
            self.events.append(said)

    def end(self):
        """Its exit code; None when it had been ended before."""
        if self.process.stdin.closed:
            return None
        self.process.stdin.close()
        rest = self.process.stdout.read()
        self.events += [json.loads(line) for line in rest.splitlines()]
        self.process.stdout.close()
        return self.process.wait(LIMIT_S)


class Store:
    """A store of one kind, and hosts on it."""

    def __init__(self, rig, sandbox, kind, folder=None, url=None):
        self.rig, self.sandbox, self.kind = rig, sandbox, kind
        self.url = url or sandbox.url  # part of a grant's identity
        self.folder = folder or rig.new_folder(kind)

    def command(self, accounts, *words):
        trust = [f"ca={self.sandbox.ca_file}"] if self.sandbox.ca_file else []
        return [self.rig.host, self.url, f"{self.kind}:{self.folder}", ",".join(accounts), *trust, *words]

    def host(self, accounts, *words, **options):
        return run(self.command(accounts, *words), **options)

    def prepare(self, accounts):
        """Authorizes accounts and refreshes them, so that they have a predecessor as in ordinary life."""
        for start in range(0, len(accounts), 100):
            done = self.host(accounts[start:start + 100], "login", "refresh")
            if done.exit_code != 0:
                raise AssertionError(f"accounts could not be prepared: {done}")

    def traced(self, account, *words, options=(), environment=None):
        """A host under the tracer."""
        trace_file = tempfile.mktemp(prefix="trace.", dir=self.rig.folder)
        durable = ["--durable", "marks"] if self.kind == "calls" else []
        return run([self.rig.tracer, *map(str, options), *durable, "--out", trace_file, "--",
                    *self.command([account], *words)], environment, trace_file)

    def record(self, account):
        """The newest intact record of an account, read without the library; None when there is none."""
        pattern = {"file": "*.ecoauth", "calls": "*.record"}[self.kind]
        found = [path for path in self.folder.glob(pattern) if re.fullmatch(re.escape(account) + "-[0-9a-f]{16}", path.stem)]
        if not found:
            return None
        data = found[0].read_bytes()
        return Record(newest_of_slots(data) if self.kind == "file" else data.split(b"\n", 1)[1])


def newest_of_slots(data):
    """The record that FORMAT.md says a token file holds."""
    best = (0, 0, b"")
    for slot in range(3):
        area = data[4096 + slot * 32768:4096 + (slot + 1) * 32768]
        head = re.match(rb"ecoauth-slot 1 seq=(\d+) try=(\d+) size=(\d+) sha256=([0-9a-f]{64})\n", area)
        if not head:
            continue
        seq, attempt, size = int(head[1]), int(head[2]), int(head[3])
        record = area[head.end():head.end() + size]
        if hashlib.sha256(area[:head.start(4)] + record).hexdigest().encode() == head[4]:
            best = max(best, (seq, attempt, record))
    return best[2]


class Record:
    def __init__(self, data):
        self.data = data
        self.fields = [line.partition(b" ")[::2] for line in data.split(b"\n")]

    def values(self, name):
        return [value.decode() for key, value in self.fields if key == name.encode()]

    @property
    def candidates(self):
        return self.values("grant.candidate")

    @property
    def generation(self):
        return int(self.values("grant.generation")[0])

    @property
    def has_intent(self):
        return bool(self.values("intent.generation"))


def goes_on(answers, record):
    """Did "request", "refresh", "request" of a fresh process work, which found this record? Where that has an attempt in doubt, the
    doubt has been cleared up a moment ago, and the next generation must wait for late copies of the request."""
    return [answer["did"] for answer in answers] == ["request", "refresh", "request"] and all(
        answer["result"] == "OK" or answer["result"] == "RATE_LIMITED" and answer["did"] == "refresh" and record.has_intent
        for answer in answers)


def fingerprint(token):
    """How the sandbox names a secret."""
    return "#" + hashlib.sha256(token.encode()).hexdigest()[:8]


class ServerView:
    """What the sandbox knows at one moment."""

    def __init__(self, sandbox):
        state = sandbox.state()
        self.usable = {token["token"] for grant in state["grants"] if grant["state"] == "active"
                       for token in grant["refresh_tokens"] if token["usable"]}

    def lost(self, record):
        """Is there no refresh token on the client's disk that the server would take?"""
        return not any(fingerprint(token) in self.usable for token in record.candidates)


def refreshes(sandbox, after=0):
    """The refresh requests that came after the log's entry of that number, and the last number."""
    log = sandbox.control("log", "GET", after=after)
    found = [entry for entry in log["requests"] if entry["endpoint"] == "token" and entry["form"].get("grant_type") == "refresh_token"]
    return found, log["last"]
