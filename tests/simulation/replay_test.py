#!/usr/bin/env python3
"""The same seed gives the same events, byte by byte; what is broken on purpose is noticed, and the command that is printed then
shows it again.

usage: replay_test.py SIMULATE
"""
import re
import subprocess
import sys

SIMULATE = sys.argv[1]
LIMIT_S = 600


def simulate(*arguments):
    return subprocess.run([SIMULATE, *arguments], capture_output=True, text=True, timeout=LIMIT_S, check=False)


def digest(ran):
    return re.search(r"digest ([0-9a-f]{16})", ran.stdout)[1]


def same_seed_same_events():
    first, second, other = (simulate("--seed", seed, "--policy", "grace-60s", "--verbose") for seed in ("5", "5", "6"))
    assert first.returncode == 0, first.stdout[-3000:]
    untimed = [re.sub(r"[0-9.]+ s, [0-9.]+ years a second", "", ran.stdout) for ran in (first, second, other)]
    assert untimed[0] == untimed[1]
    assert untimed[0].count("\n") > 10000, "the events are told"
    assert digest(first) == digest(second) != digest(other)


def sabotage_is_noticed(what):
    for seed in range(1, 6):
        policy = "grace"
        ran = simulate("--seed", str(seed), "--policy", policy, "--sabotage", what)
        if ran.returncode:
            break
    assert ran.returncode == 1, f"{what} was not noticed\n{ran.stdout[-2000:]}"
    violation = re.search(r"VIOLATION: (.*)", ran.stdout)[1]
    command = re.search(r"again: simulate (.*)", ran.stdout)[1].split()
    again = simulate(*[word for word in command if word != "--verbose"])
    assert again.returncode == 1 and f"VIOLATION: {violation}\n" in again.stdout, again.stdout[-2000:]
    assert digest(again) == digest(ran)
    print(f"{what}: {violation}")


same_seed_same_events()
for each in ("no-sync", "no-locks", "old-disk", "revoked"):
    sabotage_is_noticed(each)
