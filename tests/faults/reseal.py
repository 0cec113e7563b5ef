"""SIGKILL at every system call of a change of seals: a plain record that becomes a sealed one, and one of an old key that becomes one
of a new. No token is lost, none is refreshed for it, and once a fresh process has read the record nothing of the old seal is left."""
import collections
import hashlib
import os

from rig import STORES, Section, Store, refreshes

KEYS = {"old": bytes(range(32)), "new": bytes(range(100, 132))}
CLIENT_ID = b"abcdefghijklmnopqrstuvwxyz012345"


def key_id(key):
    return hashlib.sha256(b"ecoauth seal key id\n" + key).hexdigest()[:16]


def key_file(rig, name, *keys):
    path = rig.new_folder(name) / "keys"
    path.write_text("".join(KEYS[key].hex() + "\n" for key in keys))
    os.chmod(path, 0o400)
    return path


def bytes_of(store, account):
    """All that the store has of an account, half-written files included."""
    found = [path.read_bytes() for path in store.folder.iterdir() if path.name.startswith(account + "-")]
    assert found, account
    return b"".join(found)


class Change:
    """One kind of change on one kind of store, for many accounts."""

    def __init__(self, section, rig, sandbox, kind, before, after):
        self.section, self.store = section, Store(rig, sandbox, kind)
        self.rig, self.sandbox, self.name = rig, sandbox, f"{kind}, {before} to {after}"
        self.before = key_file(rig, "before", before) if before != "plain" else None
        self.after = key_file(rig, "after", after, *([before] if self.before else []))
        self.old_id, self.new_id = key_id(KEYS[before]) if self.before else None, key_id(KEYS[after])
        self.counts = collections.Counter()

    def prepare(self, accounts):
        """The accounts, and for each the secrets that must not be found later: those of all its slots."""
        self.store.prepare(accounts)
        self.secrets = {}
        for account in accounts:
            lines = bytes_of(self.store, account).split(b"\n")
            self.secrets[account] = {CLIENT_ID} | {line.split(b" ", 1)[1] for line in lines
                                                   if line.startswith((b"grant.access-token ", b"grant.candidate ", b"pending.code "))}
            self.section.check(len(self.secrets[account]) >= 3, f"{self.name}: too few secrets in {account}")
        if self.before:
            for start in range(0, len(accounts), 100):
                done = self.store.host(accounts[start:start + 100], f"seal={self.before}", "token", "quiesce")
                self.section.check(done.exit_code == 0, f"{self.name}: not sealed with the old key: {done}")
        for account in accounts:
            self.section.check((f"seal aes-256-gcm {self.old_id}" if self.before else "seal none").encode()
                               in bytes_of(self.store, account), f"{self.name}: {account} does not begin as it should")

    def traced(self, account, options=()):
        return self.store.traced(account, f"seal={self.after}", "begin", "token", "quiesce", "end", options=options)

    def calls(self, account):
        ran = self.traced(account)
        self.section.check(ran.exit_code == 0 and not self.left_of_old(account), f"{self.name}: unharmed run: {ran}")
        return ran.trace["calls"]

    def left_of_old(self, account):
        """What of the old seal the store still has."""
        data = bytes_of(self.store, account)
        found = [secret for secret in self.secrets[account] if secret in data]
        return found + ([self.old_id] if self.old_id and self.old_id.encode() in data else [])

    def newest_is_new(self, account):
        return self.store.record(account).values("seal") == [f"aes-256-gcm {self.new_id}"]

    def sweep(self, accounts):
        traces = self.rig.side_by_side(lambda point: self.traced(accounts[point - 1], ["--kill", point]).trace,
                                       range(1, len(accounts) + 1))
        newest = [self.newest_is_new(account) for account in accounts]
        leftovers = [bool(self.left_of_old(account)) for account in accounts]
        checked = [self.store.host(accounts[start:start + 100], f"seal={self.after}", "token", "quiesce")
                   for start in range(0, len(accounts), 100)]
        for point, (account, trace, is_new, left) in enumerate(zip(accounts, traces, newest, leftovers), 1):
            name = f"{self.name}, kill {point} ({trace['killed_in']})"
            self.counts["points"] += 1
            if trace["killed_at"]:
                self.counts["killed"] += 1
                self.counts["old" if not is_new else "new, old ones left" if left else "new"] += 1
            else:
                self.section.check(is_new and not left, f"{name}: not killed, and not done")
            answers = [answer for ran in checked for answer in ran.answers("token", account)]
            self.section.check(len(answers) == 1 and answers[0]["result"] == "OK" and answers[0]["valid_ms"] > 0
                               and answers[0]["generation"] == 2, f"{name}: LOST: {answers}")
            self.section.check(self.newest_is_new(account), f"{name}: not sealed anew")
            self.section.check(not self.left_of_old(account), f"{name}: {len(self.left_of_old(account))} old secrets are left")
        plain = self.store.host(accounts[:1], "token")
        self.section.check(plain.answer("token")["result"] == "STORE", f"{self.name}: opened without a key: {plain}")


def run(rig):
    section = Section("reseal", "Killed at every system call of a change of seals")
    rows, totals = [], collections.Counter()
    with rig.sandbox() as sandbox:
        for kind in STORES:
            for before, after in (("plain", "new"), ("old", "new")):
                change = Change(section, rig, sandbox, kind, before, after)
                change.prepare(["probe"])
                calls = change.calls("probe")
                accounts = [f"{before}-{point}" for point in range(1, calls + 6)]  # threads make the number vary
                change.prepare(accounts)
                last = refreshes(sandbox)[1]
                change.sweep(accounts)
                section.check(not refreshes(sandbox, last)[0], f"{change.name}: something was refreshed")
                rows.append([kind, f"{before} to {after}", calls, *(change.counts[what] for what in
                                                                    ("killed", "old", "new, old ones left", "new"))])
                totals.update(change.counts)
                print(f"  {change.name}: {dict(change.counts)}", flush=True)
    section.table(["store", "change", "system calls", "kill points hit", "found after: the old seal",
                   "the new one, old ones behind it", "the new one alone"], rows)
    section.tell(f"{totals['killed']} kill points. Tokens lost: {'0' if not section.wrong else 'SEE ABOVE'}. The next process that read "
                 f"the record ended the change in every case{'' if not section.wrong else ' - NOT SO, see above'}.")
    section.check(all(totals[what] for what in ("old", "new, old ones left", "new")), f"an outcome was never met: {totals}")
    return section
