"""Real power cuts (power/run), if a kernel to cut is installed."""
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
    if done.returncode == 77:
        section.tell(f"NOT RUN: {last}")
    else:
        section.tell(last)
        section.check(done.returncode == 0, f"exit code {done.returncode}: {last}")
    return section
