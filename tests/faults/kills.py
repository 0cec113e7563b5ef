"""SIGKILL at every system call of refresh and save; then a fresh process must obtain a working access token.

A checker compares with the sandbox's books and log. "Lost" means that the server takes no refresh token of the record on disk.
Allowed is a loss only under a strict policy and only inside the exposure window: from the first byte of the request to the return
of the sync that makes the answer durable."""
import collections
import random

from rig import FORGIVING, POLICIES, STORES, STRICT, Section, ServerView, Store, fingerprint, goes_on, refreshes

BATCH = 40
HISTOGRAM_MS = [0.5, 1, 2, 5, 10, 20, 50, 100, 1000]


class Sweep:
    """Kill points of one policy and one store, on one sandbox."""

    def __init__(self, section, rig, sandbox, store, policy, start, calls):
        self.section, self.rig, self.sandbox, self.store, self.policy = section, rig, sandbox, store, policy
        self.start, self.calls = start, calls
        self.counts = collections.Counter()
        self.killed_in = collections.Counter()

    def name(self, point):
        tls = ", TLS" if self.sandbox.ca_file else ""
        return f"{self.policy}, {self.store.kind}{tls}, {self.start}, kill {point}, seed {self.rig.seed}"

    def kill(self, account, point):
        ran = self.store.traced(account, "begin", "refresh", "end", options=["--kill", point])
        if ran.trace["killed_at"]:
            self.section.check(ran.trace["signal"] == 9, f"{self.name(point)}: it was not killed: {ran.trace}")
        return ran.trace

    def run(self, accounts, points):
        """Kills at these points, an account for each, and looks what became of them."""
        for start in range(0, len(points), BATCH):
            self.run_batch(accounts[start:start + BATCH], points[start:start + BATCH])

    def run_batch(self, accounts, points):
        first = [None] * len(points)
        if self.start == "killed":  # a crash during the recovery from a crash
            random_points = random.Random(f"{self.rig.seed} {self.policy} {self.store.kind} {points[0]}")
            first = self.rig.side_by_side(
                lambda each: self.kill(*each), [(account, random_points.randint(1, self.calls)) for account in accounts])
        before = {account: [fingerprint(token) for token in self.store.record(account).candidates] for account in accounts}
        view = ServerView(self.sandbox)
        lost_already = {account for account in accounts if view.lost(self.store.record(account))}
        last = refreshes(self.sandbox)[1]
        traces = self.rig.side_by_side(lambda each: self.kill(*each), list(zip(accounts, points)))
        view = ServerView(self.sandbox)
        records = {account: self.store.record(account) for account in accounts}
        requests = collections.Counter(entry["form"].get("refresh_token") for entry in refreshes(self.sandbox, last)[0])
        checked = self.store.host(accounts, "request", "refresh", "request")
        for account, point, trace, trace_before in zip(accounts, points, traces, first):
            self.judge(account, point, trace, trace_before, records[account], view,
                       sum(requests[token] for token in before[account]), account in lost_already,
                       checked.answers(account=account))

    def judge(self, account, point, trace, trace_before, record, view, sent, lost_already, answers):
        where = trace["window_at_kill"]
        self.counts["points"] += 1
        if trace["complete"]:
            self.section.check(trace["window_at_end"] == "closed", f"{self.name(point)}: the caller was told before it was saved: {trace}")
        if trace["killed_at"]:
            self.counts["killed"] += 1
            self.counts["killed " + where] += 1
            self.killed_in[trace["killed_in"]] += 1
        name = f"{self.name(point)} ({trace['killed_in']}, window {where}; before: {trace_before and trace_before['window_at_kill']})"
        lost = view.lost(record)
        works = goes_on(answers, record)
        exposed = "open" in (trace["killed_at"] and where, trace_before and trace_before["killed_at"] and trace_before["window_at_kill"])
        if lost:
            self.counts["lost"] += 1
            self.section.check(self.policy in STRICT, f"{name}: LOST")
            self.section.check(exposed, f"{name}: LOST outside the exposure window")
        self.section.check(works != lost, f"{name}: lost is {lost}, but a fresh process answered {answers}")
        if not lost_already and not trace_before:
            # What the server saw must be what the client's disk and calls say.
            expected = {"before": (0, 0), "armed": (0, 0), "open": (0, 1), "closed": (1, 1)}[where if trace["killed_at"] else "closed"]
            self.section.check(expected[0] <= sent <= expected[1], f"{name}: the server saw {sent} refreshes")
            self.section.check(where != "armed" or not trace["killed_at"] or record.has_intent, f"{name}: sent without an intent")


def unharmed_calls(section, store, account):
    """How many system calls a refresh makes when nobody kills it, and after how many its intent is durable."""
    ran = store.traced(account, "begin", "refresh", "end")
    section.check(ran.exit_code == 0 and ran.trace["window_at_end"] == "closed", f"unharmed run: {ran} {ran.trace}")
    return ran.trace["calls"], ran.trace["edges"][0]


def window_lengths(section, store, account, count):
    """The exposure window's lengths in milliseconds, with a tracer that sees as little as possible."""
    found = []
    for _ in range(count):
        ran = store.traced(account, "begin", "refresh", "end", options=["--light"])
        if section.check(ran.exit_code == 0 and ran.trace["window"] == "closed", f"a window was not seen: {ran} {ran.trace}"):
            found.append(ran.trace["window_us"] / 1000)
    return sorted(found)


def histogram(lengths):
    counts, low = [], 0
    for high in HISTOGRAM_MS:
        counts.append(sum(low <= length < high for length in lengths))
        low = high
    return counts


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def sample(calls, armed_at, count, generator):
    """Points of 1 to calls, shifted by the seed: a quarter spread evenly over what comes before the intent is durable, where
    little happens, the others over the rest. All of them when there are few."""
    if count >= calls:
        return list(range(1, calls + 1))
    points = set()
    for first, last, share in ((1, armed_at - 5, count // 4), (armed_at - 5, calls, count - count // 4)):
        step = (last - first + 1) / share
        shift = generator.random() * step
        points |= {min(last, first + int(shift + i * step)) for i in range(share)}
    return sorted(points)


def run(rig):
    section = Section("kills", "Killed at every system call")
    generator = random.Random(rig.seed)
    rows, totals, lengths = [], collections.Counter(), {}
    variants = [(False, "settled")] + ([(True, "settled"), (False, "killed"), (True, "killed")] if rig.night else [])
    killed_in = collections.Counter()
    for tls, start in variants:
        transport = "TLS" if tls else "plain"
        with rig.sandbox(tls=tls) as sandbox:
            for kind in STORES:
                store = Store(rig, sandbox, kind)
                sandbox.control("policy", refresh="grace")
                store.prepare(["probe"])
                if (kind, transport) not in lengths:
                    lengths[kind, transport] = window_lengths(section, store, "probe", rig.by_level(10, 300))
                calls, armed_at = unharmed_calls(section, store, "probe")
                for policy in POLICIES:
                    sweep = Sweep(section, rig, sandbox, store, policy, start, calls)
                    # A few more than the probe made: threads make it vary.
                    points = sample(calls + 20, armed_at, rig.by_level(20, calls + 20), generator)
                    accounts = [f"{policy}-{start}-{point}" for point in points]
                    sandbox.control("policy", refresh=policy)
                    store.prepare(accounts)
                    sandbox.control("log", method="DELETE")
                    sweep.run(accounts, points)
                    totals.update(sweep.counts)
                    killed_in.update(sweep.killed_in)
                    rows.append([policy, kind, transport, start, calls, sweep.counts["killed"], sweep.counts["killed open"],
                                 sweep.counts["lost"]])
                    print(f"  {policy}, {kind}, {transport}, {start}: {dict(sweep.counts)}", flush=True)
    section.table(["policy", "store", "connection", "state before", "system calls", "kill points hit", "of these inside the window",
                   "grants lost"], rows)
    lost_forgiving = sum(row[7] for row in rows if row[0] in FORGIVING)
    section.tell(f"{totals['killed']} kill points in all. Lost under the five forgiving policies: {lost_forgiving}. Lost under the "
                 f"two strict ones: {totals['lost'] - lost_forgiving}, all inside the exposure window"
                 f"{'' if not section.wrong else ' - NOT SO, see above'}.")
    section.tell()
    section.tell("Most frequent calls at which it was killed: "
                 + ", ".join(f"{name} {count}" for name, count in killed_in.most_common(8)) + ".")
    section.check(totals["killed"] >= rig.by_level(180, 10000), f"only {totals['killed']} points were hit")
    section.check(all(totals[f"killed {phase}"] for phase in ("before", "armed", "open", "closed")), f"a phase was never hit: {totals}")
    section.table(["exposure window, ms", *(f"< {limit:g}" for limit in HISTOGRAM_MS), "median", "p99"],
                  [[f"{kind}, {transport}", *histogram(window), f"{percentile(window, 0.5):.2f}", f"{percentile(window, 0.99):.2f}"]
                   for (kind, transport), window in lengths.items()])
    return section

