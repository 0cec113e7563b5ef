"""Every system call on the store fails, one at a time, in every way: the right error, nothing spent in vain, nothing lost.

The policy is strict-family, the harshest: a token that was spent and not kept would be lost. The process lives on, so nothing may
be. The real file system works beneath; the tracer makes single calls fail. (tests/unit/store plays what a failed sync does to a
disk; here is checked that no sync of pages that failed is ever taken for success.)"""
import collections
import random

from rig import STORES, Record, Section, ServerView, Store, goes_on

ERRORS = ["EIO", "ENOSPC", "EROFS", "EACCES", "EMFILE", "EINTR", "ENOLCK"]
# What a call can be asked to do by halves.
TRANSFERS = {"pread", "pwrite", "read", "write"}
WRITES = {"pwrite", "write", "fdatasync", "fsync", "rename"}
# Interrupted calls are made again, where that is safe: by the file store, by the sample of a host's own.
REPEATED = {"file": {"openat", "pread", "pwrite"}, "calls": {"read", "write"}}
FLAG_UNSAVED, FLAG_DEGRADED = 8, 16


def expected_codes(kind, call, error):
    """What the error of a failed call may be called."""
    if kind == "calls":
        return {"CALLBACK"}
    if call == "lock" and error == "ENOLCK":
        return {"UNSUPPORTED", "STORE"}  # there are none at all, or no second one to test the first with
    return {"STORE_PERMISSION"} if error == "EACCES" else {"STORE"}


class Case:
    """One call, or all from one on, failing in one way while an account is refreshed."""

    def __init__(self, account, call, number, error, for_ever=False):
        self.account, self.call, self.number, self.error, self.for_ever = account, call, number, error, for_ever

    def __str__(self):
        return f"{self.call['call']} (store call {self.number}, window {self.call['window']}) {self.error}{' for ever' if self.for_ever else ''}"


def check_syncs(section, name, trace):
    """After a failed sync no other sync may follow before something else was written: the kernel would report success for what
    it has dropped."""
    failed_place = place = None
    for entry in trace["store"]:
        if entry["call"] in ("pwrite", "write") and entry["result"] > 0:
            place = (entry["name"], entry["offset"])
        if entry["call"] in ("fdatasync", "fsync") and entry["result"] != 0:
            failed_place, place = place, None
        elif entry["call"] in ("fdatasync", "fsync") and failed_place:
            if entry["call"] == "fdatasync":
                section.check(place is not None and place != failed_place, f"{name}: a failed sync was tried again: {entry}")
            failed_place = None


def run_case(rig, section, store, case, counts):
    """True when the host has taken over what could not be saved."""
    last_of = "0" if case.for_ever else case.number
    words = ["events=1", "begin", "refresh", "token", "request", *([] if case.for_ever else ["saved"]), "end", "quiesce"]
    ran = store.traced(case.account, *words, options=["--store", store.folder, "--fail", f"{case.number}-{last_of}", "--error", case.error])
    name = f"{store.kind}: {case}"
    trace = ran.trace
    failed = [entry for entry in trace["store"] if entry["failed"]]
    if not failed and not case.for_ever:
        counts["not reached"] += 1
        return False
    counts["runs"] += 1
    call = failed[0]["call"] if failed else case.call["call"]
    sent_before = failed and failed[0]["window"] in ("open", "closed")
    refresh, token = ran.answer("refresh"), ran.answer("token")
    counts[refresh["result"]] += 1
    check_syncs(section, name, trace)
    transient = case.error == "short" or case.error == "EINTR" and call in REPEATED[store.kind]
    if transient and not case.for_ever:
        section.check(refresh["result"] == "OK", f"{name}: {refresh}")
    elif call in WRITES and case.error != "short":
        section.check(refresh["result"] != "OK", f"{name}: taken for success: {refresh}")
    if refresh["result"] in ("OK", "UNSAVED_BUT_USABLE"):
        if refresh["result"] == "UNSAVED_BUT_USABLE":
            section.check(sent_before, f"{name}: sent although the store had failed before: {refresh}")
            section.check(any(event.get("data") for event in ran.events("UNSAVED")), f"{name}: no UNSAVED event with the record")
            section.check(refresh["flags"] & FLAG_UNSAVED and refresh["flags"] & FLAG_DEGRADED, f"{name}: not flagged: {refresh}")
    else:
        section.check(not sent_before, f"{name}: the new token is in hand, and the caller got {refresh}")
        section.check(refresh["result"] in expected_codes(store.kind, call, case.error), f"{name}: {refresh}")
        section.check(len(refresh["message"]) > 15 and len(refresh["advice"]) > 10, f"{name}: it says too little: {refresh}")
        if store.kind == "file":
            section.check(case.error in refresh["message"], f"{name}: it does not say {case.error}: {refresh}")
        section.check(refresh["action"] in ("FIX_STORAGE", "RETRY", "FIX_CONFIG"), f"{name}: {refresh}")
    # The access token lives, whatever the store does; unless the record could not be read at all.
    unread = case.for_ever and failed and failed[0]["window"] == "before" and ran.answer("request")["generation"] == 0
    if not unread:
        section.check(token["result"] in ("OK", "UNSAVED_BUT_USABLE"), f"{name}: {token}")
        section.check(ran.answer("request")["result"] in ("OK", "UNSAVED_BUT_USABLE"), f"{name}: {ran.answer('request')}")
    if not case.for_ever:
        section.check(ran.answer("saved")["result"] == "OK", f"{name}: never saved: {ran.answer('saved')}")
        section.check(ran.answer("quiesce")["result"] == "OK", f"{name}: {ran.answer('quiesce')}")
        return False
    if refresh["result"] != "UNSAVED_BUT_USABLE":
        return False
    # It stays unsaved to the end: whoever ends the client is told, and the host has the record.
    counts["unsaved to the end"] += 1
    section.check(ran.answer("quiesce")["result"] == "UNSAVED", f"{name}: {ran.answer('quiesce')}")
    given = rig.folder / f"given-{case.account}"
    record = Record(bytes.fromhex(ran.events("UNSAVED")[-1]["data"]))
    given.write_bytes(record.data)
    keeper = Store(rig, store.sandbox, "given", folder=given)
    check = keeper.host([case.account], "request", "refresh", "request")
    section.check(goes_on(check.answers(), record), f"{name}: the record handed to the host is of no use: {check}")
    return True


def cases_of(rig, store, generator):
    """From an unharmed run: which calls there are to fail."""
    probe = f"probe-{store.kind}"
    store.prepare([probe])
    ran = store.traced(probe, "begin", "refresh", "end", options=["--store", store.folder])
    calls = [entry for entry in ran.trace["store"]]
    once, for_ever = [], []
    for entry in calls:
        errors = ERRORS + (["short"] if entry["call"] in TRANSFERS else [])
        once += [(entry, error) for error in errors]
        if entry["call"] in WRITES:
            for_ever += [(entry, error) for error in ("EIO", "ENOSPC", "EROFS")]
    if not rig.night:
        # Of the many reads of one file a few; of the others every call with some of the errors.
        few = [each for each in once if each[0]["call"] != "pread" or each[0]["offset"] in (0, 98304)]
        once = generator.sample(few, min(len(few), 50))
        once += [each for each in few if each[0]["call"] in WRITES and each[1] in ("EIO", "ENOSPC") and each not in once]
        for_ever = [each for each in for_ever if each[1] == "EIO"]
    named = [Case(f"{store.kind}-{number}", entry, entry["number"], error, number >= len(once))
             for number, (entry, error) in enumerate(once + for_ever)]
    return calls, named


def begin_cases(rig, sandbox, generator):
    """The same for the first authorization, which makes folder and file."""
    store = Store(rig, sandbox, "file", folder=rig.new_folder("begin") / "new")
    ran = store.traced("first", "begin", "login", "end", options=["--store", store.folder])
    calls = [entry for entry in ran.trace["store"] if entry["call"] != "pread" or entry["offset"] in (0, 98304)]
    cases = [Case("first", entry, entry["number"], error) for entry in calls for error in ERRORS
             + (["short"] if entry["call"] in TRANSFERS else [])]
    if not rig.night:
        cases = generator.sample(cases, 50)
    return len(ran.trace["store"]), cases


def run_begin_case(rig, section, sandbox, case, counts):
    store = Store(rig, sandbox, "file", folder=rig.new_folder("begin") / "new")
    ran = store.traced(case.account, "begin", "login", "saved", "end",
                       options=["--store", store.folder, "--fail", f"{case.number}-{case.number}", "--error", case.error])
    name = f"first login: {case}"
    failed = [entry for entry in ran.trace["store"] if entry["failed"]]
    if not failed:
        return
    login = ran.answer("login")
    counts["runs"] += 1
    counts[login["result"]] += 1
    check_syncs(section, name, ran.trace)
    if case.error == "short" or case.error == "EINTR" and failed[0]["call"] in REPEATED["file"]:
        section.check(login["result"] == "OK", f"{name}: {login}")
    if login["result"] in ("OK", "UNSAVED_BUT_USABLE"):
        section.check(ran.answer("saved")["result"] == "OK", f"{name}: never saved")
        after = store.host(["first"], "request", "refresh", "request")
    else:
        section.check(login["result"] in expected_codes("file", failed[0]["call"], case.error), f"{name}: {login}")
        section.check(case.error in login["message"] and len(login["advice"]) > 10, f"{name}: it says too little: {login}")
        after = store.host(["first"], "login", "request", "refresh", "request")
    section.check(after.exit_code == 0, f"{name}: afterwards {after}")


def run(rig):
    section = Section("store_errors", "Every call on the store fails")
    generator = random.Random(rig.seed)
    rows = []
    with rig.sandbox("--refresh-policy", "strict-family") as sandbox:
        for kind in STORES:
            store = Store(rig, sandbox, kind)
            calls, cases = cases_of(rig, store, generator)
            counts = collections.Counter()
            # They wait more than they work: a store that failed is looked at again after five seconds.
            for start in range(0, len(cases), 100):
                part = cases[start:start + 100]
                store.prepare([case.account for case in part])
                handed_over = rig.side_by_side(lambda case: run_case(rig, section, store, case, counts), part, jobs=12 * rig.jobs)
                judge_after(section, store, [case for case, over in zip(part, handed_over) if not over])
            rows.append([kind, len(calls), counts["runs"], counts["OK"], counts["UNSAVED_BUT_USABLE"],
                         counts["STORE"] + counts["CALLBACK"], counts["STORE_PERMISSION"], counts["UNSUPPORTED"],
                         counts["unsaved to the end"]])
            section.check(counts["runs"] >= 0.8 * len(cases), f"{kind}: only {counts['runs']} of {len(cases)} cases happened")
            section.check(counts["UNSAVED_BUT_USABLE"] > 5 and counts["unsaved to the end"] >= 2, f"{kind}: too few were unsaved: {counts}")
        counts = collections.Counter()
        made, cases = begin_cases(rig, sandbox, generator)
        rig.side_by_side(lambda case: run_begin_case(rig, section, sandbox, case, counts), cases, jobs=12 * rig.jobs)
        section.check(counts["runs"] >= 0.8 * len(cases), f"first login: only {counts['runs']} of {len(cases)} cases happened")
        rows.append(["file, first login", made, counts["runs"], counts["OK"], counts["UNSAVED_BUT_USABLE"], counts["STORE"],
                     counts["STORE_PERMISSION"], counts["UNSUPPORTED"], "-"])
    section.table(["store", "calls of a refresh", "runs with failures", "refreshed and saved", "served, saved later", "refused: store",
                   "refused: permission", "refused: no locks", "unsaved to the end, record handed to the host"], rows)
    section.tell("Policy strict-family. Nothing lost; no request was sent after the store had refused the intent; no failed sync was tried again.")
    return section


def judge_after(section, store, cases):
    """A fresh process goes on from what is on disk."""
    view = ServerView(store.sandbox)
    records = {case.account: store.record(case.account) for case in cases}
    check = store.host([case.account for case in cases], "request", "refresh", "request")
    for case in cases:
        section.check(not view.lost(records[case.account]), f"{store.kind}: {case}: LOST")
        answers = check.answers(account=case.account)
        section.check(goes_on(answers, records[case.account]), f"{store.kind}: {case}: afterwards, {answers}")
