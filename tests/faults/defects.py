"""Mistakes are put into the library on purpose, one at a time, and the tests that must notice are run: tests/mutants."""
import collections
import os
import pathlib
import sys

from rig import Section

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "mutants"))
import seeded  # noqa: E402


def wrapper():
    """Whoever is root only among the mounts of this run is no root to the tests, who could not become others."""
    mapped = pathlib.Path("/proc/self/uid_map").read_text(encoding="ascii").split()
    return ["unshare", "--map-user=1000"] if os.geteuid() == 0 and mapped[1] != "0" else []


def run(rig):
    section = Section("defects", "Seeded defects")
    try:
        verdicts = seeded.run_all(rig.build, seeded.read_tables(), rig.jobs, lambda line: print("  " + line, flush=True), wrapper())
    except seeded.Unusable as unusable:
        section.fail(str(unusable))
        return section
    for defect, check in verdicts.survivors:
        section.fail(f"{defect.name} ({defect.stands_for}): {defect.what}: {check} does not notice")
    rows = []
    for table in seeded.TABLES:
        found = [(defect, runs) for defect, runs in verdicts.found if defect.table == table]
        ways = collections.Counter(ran.how for _, runs in found for _, ran in runs)
        noticed = collections.Counter(check for _, runs in found for check, ran in runs if ran.how != "passed")
        rows.append([table, len(found), ways["failed"], ways["hung"], ways["passed"],
                     ", ".join(f"{check} {count}" for check, count in noticed.most_common())])
    section.table(["defects in", "seeded", "a test failed", "a test hung", "survived", "noticed by"], rows)
    section.tell(f"{verdicts.summary()}.")
    return section
