#!/usr/bin/env python3
"""Runs the tests of the Python binding.

usage: run_all.py BUILD_FOLDER source    types by mypy --strict, then pytest, with the package as it lies here
       run_all.py BUILD_FOLDER wheel     makes the wheel with the self-contained library inside, installs it into a new virtual
                                         environment outside the source tree, and tests that; the wheel is kept in BUILD_FOLDER/bindings/python/dist

Runs in an environment that holds what requirements.txt pins (tests/support/in_venv.py).
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

TESTS = pathlib.Path(__file__).resolve().parent
PACKAGE = TESTS.parent
ROOT = PACKAGE.parents[1]
REQUIREMENTS = TESTS / "requirements.txt"
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
ENVIRONMENT.pop("PYTHONPATH", None)


def run(*command, **more):
    command = [str(each) for each in command]
    print("$", *command, flush=True)
    more.setdefault("env", ENVIRONMENT)
    if subprocess.run(command, **more).returncode != 0:
        raise SystemExit(f"failed: {' '.join(command)}")


def said(*command, **more):
    more.setdefault("env", ENVIRONMENT)
    return subprocess.run([str(each) for each in command], check=True, stdout=subprocess.PIPE, text=True, **more).stdout.strip()


def test_source(build):
    run(sys.executable, "-m", "mypy", "--strict", "--cache-dir", build / "bindings/python/mypy", cwd=PACKAGE)
    run(sys.executable, "-m", "pytest", "-q", TESTS, cwd=PACKAGE, env={**ENVIRONMENT, "PYTHONPATH": str(PACKAGE / "src")})


def newest_glibc(library):
    """The newest version of glibc's symbols that it needs: how far back the wheel works."""
    symbols = said("readelf", "--dyn-syms", "-W", library)
    return max((tuple(map(int, number.split("."))) for number in re.findall(r"@GLIBC_([0-9.]+)", symbols)))


def make_wheel(build, work, library):
    source = work / "source"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist", "tests"))
    shutil.copy(os.environ["ECOAUTH_LICENSE"], source / "LICENSE")
    run("strip", "--strip-unneeded", "-o", source / "src/ecoauth/libecoauth.so.0", library)
    glibc = ".".join(map(str, newest_glibc(library)))
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", work / "dist", source,
        env={**ENVIRONMENT, "ECOAUTH_WHEEL_GLIBC": glibc}, stdout=subprocess.DEVNULL)
    (wheel,) = (work / "dist").iterdir()
    assert re.fullmatch(rf"ecoauth-[0-9.]+-py3-none-manylinux_{glibc.replace('.', '_')}_\w+\.whl", wheel.name), wheel.name
    with zipfile.ZipFile(wheel) as inside:
        names = set(inside.namelist())
    modules = {f"ecoauth/{path.name}" for path in (PACKAGE / "src/ecoauth").iterdir() if path.suffix == ".py"}
    info = wheel.name.split("-py3-")[0] + ".dist-info"
    expected = modules | {"ecoauth/py.typed", "ecoauth/libecoauth.so.0"}
    assert {name for name in names if not name.startswith(info)} == expected, names ^ expected
    assert any(name.startswith(info) and name.endswith("LICENSE") for name in names), names
    kept = build / "bindings/python/dist"
    kept.mkdir(parents=True, exist_ok=True)
    shutil.copy(wheel, kept)
    print(f"{kept / wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
    return wheel


def test_wheel(build):
    library = said("sh", ROOT / "bindings/self_contained/build.sh", build).splitlines()[-1]
    with tempfile.TemporaryDirectory(prefix="ecoauth-wheel.") as folder:
        work = pathlib.Path(folder)
        wheel = make_wheel(build, work, library)
        run(sys.executable, "-m", "venv", work / "new")
        run(work / "new/bin/pip", "install", "-q", "--no-index", wheel)
        environment = {name: value for name, value in ENVIRONMENT.items() if name not in ("ECOAUTH_LIBRARY", "LD_LIBRARY_PATH")}
        python, elsewhere = work / "new/bin/python", work / "elsewhere"
        elsewhere.mkdir()
        inside = said(python, "-c", "import ecoauth; print(ecoauth.runtime_info('openssl-file')); print(ecoauth.__file__)",
                      cwd=elsewhere, env=environment).splitlines()
        assert inside[0] == str(pathlib.Path(inside[1]).parent / "libecoauth.so.0") and str(work) in inside[0], inside
        # The README's examples and the scenario, with nothing but the wheel.
        shutil.copytree(TESTS, work / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        run(work / "new/bin/pip", "install", "-q", "-r", REQUIREMENTS)
        run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", work / "tests",
            *(work / "tests" / name for name in ("test_examples.py", "test_scenario.py", "test_aio.py", "test_harm.py")),
            cwd=elsewhere, env={**environment, "ECOAUTH_SOURCE": str(ROOT)}, stdout=None)
    print("scenario package: passed")
    print("scenario teardown: not applicable: no isolates in Python")


def main():
    build, what = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    {"source": test_source, "wheel": test_wheel}[what](build)


if __name__ == "__main__":
    main()
