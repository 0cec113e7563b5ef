"""Real power cuts (power/run)."""
import subprocess
import sys
import pathlib

from rig import Section

RUNNER = pathlib.Path(__file__).resolve().parent / "power" / "run"


def run(rig):
    section = Section("power_cuts", "Real power cuts")
    done = subprocess.run([sys.executable, "-B", RUNNER, "--build", rig.build, "--seed", str(rig.seed)], stdout=subprocess.PIPE, text=True,
                          check=False)
    print(done.stdout, flush=True)
    last = (done.stdout.splitlines() or [""])[-1]
    section.tell(last)
    # A night without power cuts, for want of the kernel say (exit code 77), has not shown what it is to show.
    section.check(done.returncode == 0, f"exit code {done.returncode}: {last}")
    return section
