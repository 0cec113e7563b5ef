"""Years of an account on a virtual clock, disk and network, with the real client (tests/simulation): 1,000 by night, 20 otherwise."""
import collections
import re
import subprocess

from rig import Section

YEARS = {"quick": 20, "night": 1000}
PART = 10  # years in one go: each policy once


def run(rig):
    section = Section("simulation", "Simulated years")
    program = rig.build / "tests" / "simulation" / "simulate"
    years = YEARS[rig.level]
    first = rig.seed % 10**9 * 1000 + 1

    def live(part):
        ran = subprocess.run([program, "--seed", str(first + part * PART), "--years", str(PART)], stdout=subprocess.PIPE, text=True,
                             check=False)
        for violation, again in re.findall(r"VIOLATION: (.*)\n(?:.*\n)*?again: (.*)", ran.stdout):
            section.fail(f"{violation} ({again})")
        section.check(ran.returncode in (0, 1), f"simulate ended with {ran.returncode}")
        return ran.stdout

    policies, counts = {}, collections.Counter()
    for out in rig.side_by_side(live, list(range(years // PART))):
        for name, *numbers in re.findall(r"^(\S+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)$", out, re.MULTILINE):
            row = policies.setdefault(name, [0, 0, 0, 0, 0])
            lived, refreshes, per_hour, in_window, late = map(int, numbers)
            policies[name] = [row[0] + lived, row[1] + refreshes, max(row[2], per_hour), row[3] + in_window, row[4] + late]
        for number, what in re.findall(r"^ +(\d+) (\D.*)$", out, re.MULTILINE):
            counts[what] += int(number)
    lived = sum(row[0] for row in policies.values())
    section.check(lived == years or section.wrong, f"{lived} of {years} years were lived")
    section.check(len(policies) == 10, f"policies: {sorted(policies)}")
    for policy in ("reusable", "grace", "grace-last", "until-used", "idempotent"):
        row = policies.get(policy, [0, 0, 0, 1, 1])
        section.check(row[3] + row[4] == 0, f"lost under {policy}: {row}")
    section.check(all(row[2] <= 6 for row in policies.values()), f"more than six refreshes in an hour: {policies}")
    section.table(["policy", "years", "refreshes", "most in an hour", "lost in the exposure window", "lost by a late copy", "lost otherwise"],
                  [[name, *row, 0] for name, row in policies.items()])
    section.tell(f"{lived} years, seeds from {first} on. A policy with \"-60s\" has a grace time of a minute, those without one that outlasts "
                 "every absence.")
    section.tell("What happened: " + ", ".join(f"{number} {what}" for what, number in sorted(counts.items())) + ".")
    return section
