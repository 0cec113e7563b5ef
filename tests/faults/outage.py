"""An outage of a quarter of an hour: answers in HTML from 502 to 525, resets, silence, refusals that are not true. No caller sees
an error while the access token lives, and afterwards nobody has to authorize again.

In the quick run client and server live 30 times faster (fast_clock.c, --time-scale); by night they live at their own pace."""
import random
import time

from rig import Dialogue, Section, Store, refreshes

OUTAGE_S = 15 * 60
AFTERWARDS_S = 20 * 60   # after true and untrue refusals the library waits for up to a quarter of an hour
ACTIVE, NEEDS_REAUTHORIZATION = 1, 3

HTML = [{"name": "http_status", "status": status, "body": body} for status in (502, 503, 504, 520, 521, 522, 525) for body in ("html", "empty")]
KINDS = {
    "HTML, 502 to 525": HTML,
    "resets": [{"name": "reset"}],
    "silence": [{"name": "delay", "ms": 600000}],
    "invalid_grant": [{"name": "oauth_error", "error": "invalid_grant"}],
    "invalid_client": [{"name": "oauth_error", "error": "invalid_client", "status": 401}],
    "answers lost after commit": [{"name": "drop_after_commit"}],
    "all of these in turn": [*HTML, {"name": "reset"}, {"name": "delay", "ms": 600000}, {"name": "oauth_error", "error": "invalid_grant"},
                             {"name": "oauth_error", "error": "invalid_client", "status": 401}, {"name": "drop_after_commit"}],
}


class Caller:
    """A host that is asked for a token again and again. Times are seconds of its own."""

    def __init__(self, rig, store, speed):
        self.speed = speed
        fast = {"LD_PRELOAD": str(rig.fast_clock), "FAULTS_SPEED": str(speed)} if speed != 1 else None
        self.host = Dialogue(store.command(["account"]), fast)
        self.began = time.monotonic()
        self.alive_until = 0

    def now(self):
        return (time.monotonic() - self.began) * self.speed

    def sleep(self, seconds):
        time.sleep(seconds / self.speed)

    def ask(self):
        """The answer, and whether the token of the last one was certainly still alive when it came."""
        asked = self.now()
        answer = self.host.ask("token")
        lived = self.now() < self.alive_until
        if answer["valid_ms"] > 0:
            self.alive_until = asked + answer["valid_ms"] / 1000
        return answer, lived


def live_through(rig, section, kind, life_s, speed):
    """One account through one outage; what happened."""
    generator = random.Random(f"{rig.seed} {kind} {life_s}")
    found = {"calls": 0, "errors": 0, "down_s": 0, "needs": 0}
    name = f"{kind}, tokens of {life_s} s"
    with rig.sandbox("--refresh-policy", "grace", "--time-scale", str(speed), access_s=life_s, grace_s=86400) as sandbox:
        store = Store(rig, sandbox, "file")
        store.prepare(["account"])
        caller = Caller(rig, store, speed)
        try:
            first = caller.ask()[0]
            last = refreshes(sandbox)[1]
            start = caller.now()
            healed = change_at = 0
            down_since = None
            while True:
                now = caller.now() - start
                if now < OUTAGE_S and now >= change_at:
                    sandbox.control("fault", method="DELETE")
                    fault = generator.choice(KINDS[kind])
                    sandbox.control("fault", at="token", count=-1, **fault)
                    change_at = now + 20
                if now >= OUTAGE_S and not healed:
                    sandbox.control("fault", method="DELETE")
                    healed = now
                answer, lived = caller.ask()
                found["calls"] += 1
                found["needs"] += answer["state"] == NEEDS_REAUTHORIZATION
                if answer["result"] != "OK":
                    found["errors"] += 1
                    down_since = down_since or caller.now()
                    section.check(not lived, f"{name}: an error while the token lived: {answer}")
                elif down_since:
                    found["down_s"] += caller.now() - down_since
                    down_since = None
                if healed and answer["result"] == "OK" and answer["generation"] > first["generation"] and answer["state"] == ACTIVE:
                    break
                if not section.check(now < OUTAGE_S + AFTERWARDS_S, f"{name}: not healed after {now - OUTAGE_S:.0f} s: {answer}"):
                    break
                caller.sleep(1)
            section.check(not found["needs"], f"{name}: {found['needs']} times somebody was to authorize again")
            found["healed_s"] = caller.now() - start - OUTAGE_S
            seen = refreshes(sandbox, last)[0]
            found["requests"] = len(seen)
            # Not a storm: by the table one every 12 s at the most, while somebody asks and nothing is left.
            section.check(len(seen) <= 150, f"{name}: {len(seen)} requests")
            grants = sandbox.state()["grants"]
            section.check(len(grants) == 1 and grants[0]["state"] == "active", f"{name}: {grants}")
        finally:
            code = caller.host.end()
        section.check(code in (0, 1), f"{name}: the host ended with {code}")
        check = store.host(["account"], "request")
        if check.answer("request")["result"] == "RATE_LIMITED":
            # By its clock, which is not a fast one, the process before has refreshed a moment ago.
            time.sleep(check.answer("request")["retry_ms"] / 1000)
            check = store.host(["account"], "request")
        section.check(check.exit_code == 0, f"{name}: afterwards {check}")
    return found


def run(rig):
    section = Section("outage", "A quarter of an hour without the server")
    speed = rig.by_level(30, 1)
    # A token that lives through the outage, and one that ends in the middle of it.
    cases = [(kind, life_s) for kind in KINDS for life_s in (960, 620)]
    if not rig.night:
        cases = [case for number, case in enumerate(cases) if number % 4 in ((0, 3) if rig.seed % 2 else (1, 2))]
    results = rig.side_by_side(lambda case: live_through(rig, section, *case, speed), cases, jobs=len(cases))
    rows = []
    for (kind, life_s), found in zip(cases, results):
        rows.append([kind, life_s, found["calls"], found["errors"], f"{found['down_s']:.0f}", found["requests"], f"{found['healed_s']:.0f}"])
    section.check(sum(found["errors"] for found in results) > 0, "the outage was never felt")
    section.check(all(found["requests"] > 1 for found in results), "nobody tried to refresh in the outage")
    section.table(["outage of 900 s", "tokens' life, s", "calls", "errors, all after the token's end", "without a token, s",
                   "requests that the server saw", "healed after, s"], rows)
    section.tell(f"Client and server {speed} times as fast as the clock." if speed != 1 else "In real time.")
    return section
