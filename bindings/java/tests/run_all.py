#!/usr/bin/env python3
"""Runs the tests of the Java binding.

usage: run_all.py BUILD_FOLDER source    Maven compiles without a warning and runs the tests of src/test
       run_all.py BUILD_FOLDER jar       Maven makes the jar with the self-contained library inside; outside the source tree, with nothing
                                         but it and JNA, the README's example and examples/ run; kept in BUILD_FOLDER/bindings/java/dist

Maven's artifacts are kept in BUILD_FOLDER/bindings/java/m2. Without them and without a network it says so and exits with 77.
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
BINDING = TESTS.parent
ROOT = BINDING.parents[1]
sys.path.insert(0, str(ROOT / "tests/support"))
from sandbox_process import SandboxProcess  # noqa: E402

NO_NETWORK = re.compile("Temporary failure in name resolution|Name or service not known|Unknown host|Network is unreachable|No route to host")


def maven(build, work, *arguments):
    """In a copy: Maven writes beside its pom.xml."""
    source = work / "source"
    if not source.exists():
        shutil.copytree(BINDING, source, ignore=shutil.ignore_patterns("target", "meson.build"))
    done = subprocess.run(["mvn", "-B", "-ntp", "-q", f"-Dmaven.repo.local={build}/bindings/java/m2", *map(str, arguments)], cwd=source,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout, flush=True)
    if done.returncode != 0 and NO_NETWORK.search(done.stdout):
        print("Maven's artifacts are not here, and there is no network to get them from")
        sys.exit(77)
    if done.returncode != 0:
        raise SystemExit("Maven failed")
    return source / "target"


def test_source(build, work):
    maven(build, work, "test")
    print("scenario fork: not applicable: a JVM cannot be forked")
    print("scenario teardown: not applicable: no isolates in Java")


def make_jar(build, work):
    library = subprocess.run(["sh", ROOT / "bindings/self_contained/build.sh", build], check=True, stdout=subprocess.PIPE,
                             text=True).stdout.split()[-1]
    machine = {"x86_64": "x86-64"}.get(os.uname().machine, os.uname().machine)
    natives = work / "natives"
    (natives / f"linux-{machine}").mkdir(parents=True)
    (natives / "META-INF").mkdir()
    subprocess.run(["strip", "--strip-unneeded", "-o", natives / f"linux-{machine}/libecoauth.so.0", library], check=True)
    shutil.copy(os.environ["ECOAUTH_LICENSE"], natives / "META-INF/LICENSE")
    jar = maven(build, work, "package", "-DskipTests", f"-Dnatives={natives}") / "ecoauth-0.1.0.jar"
    with zipfile.ZipFile(jar) as inside:
        names = set(inside.namelist())
    expected = {f"linux-{machine}/libecoauth.so.0", "META-INF/LICENSE", "META-INF/MANIFEST.MF", "META-INF/maven/ecoauth/ecoauth/pom.xml"}
    expected |= {f"ecoauth/{path.stem}.class" for path in (BINDING / "src/main/java/ecoauth").iterdir()}
    assert expected <= names and not any("Test" in name for name in names), names
    kept = build / "bindings/java/dist"
    kept.mkdir(parents=True, exist_ok=True)
    shutil.copy(jar, kept)
    print(f"{kept / jar.name}: {jar.stat().st_size / 1e6:.1f} MB")
    shutil.rmtree(work / "source")
    shutil.rmtree(natives)
    return kept / jar.name


def expect(pattern, said):
    assert re.fullmatch(pattern, said, re.S), said


def test_jar(build, work):
    jar = make_jar(build, work)
    (jna,) = (build / "bindings/java/m2/net/java/dev/jna/jna").glob("*/jna-*.jar")
    temporary = work / "temporary"
    temporary.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in ("ECOAUTH_LIBRARY", "LD_LIBRARY_PATH")}

    def java(program, folder, expected_code=0, **more):
        done = subprocess.run(["java", f"-Djava.io.tmpdir={temporary}", "-cp", f"{jar}:{jna}", str(program)], cwd=folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**environment, **more})
        assert done.returncode == expected_code, done
        return done.stdout

    pin, answer = r"Enter [A-Z0-9]{4}-[A-Z0-9]{4} at http://127\.0\.0\.1:\d+/consumerportal/index\.html\n", r"\{.*\"thermostatCount\".*\}\s*"
    (readme,) = re.findall(r"^```java\n(.*?)^```$", (BINDING / "README.md").read_text(encoding="ascii"), re.S | re.M)
    (work / "First.java").write_text(readme)
    (work / "Where.java").write_text("public class Where { public static void main(String[] a) {"
                                     " System.out.println(ecoauth.Ecoauth.runtimeInfo(\"openssl-file\")); } }")
    shutil.copy(BINDING / "examples/Login.java", work)
    expect(re.escape(str(temporary)) + r"/libecoauth\d+\.so\n", java(work / "Where.java", work))
    for name, arguments in {"first": ("--auto-approve", "0"), "login": ("--auto-approve", "0"), "declined": ("--auto-decline", "0")}.items():
        (work / name).mkdir()
        with SandboxProcess(os.environ["ECOAUTH_SANDBOX"], "--interval", "1", *arguments) as sandbox:
            more = {"ECOAUTH_SERVER": sandbox.url, "ECOAUTH_CLIENT_ID": "JavaTestJavaTestJavaTestJavaTest"}
            if name == "first":
                expect(pin + answer, java(work / "First.java", work / name, **more))
            elif name == "login":
                expect(pin + answer, java(work / "Login.java", work / name, **more))
                expect(answer, java(work / "Login.java", work / name, **more))
            else:
                expect(pin + r"[^\n]+\n[^\n]+\n", java(work / "Login.java", work / name, 1, **more))
    assert not list(temporary.glob("libecoauth*")), "the unpacked library was left behind"
    print("scenario package: passed")


def main():
    build, what = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="ecoauth-java.") as folder:
        {"source": test_source, "jar": test_jar}[what](build, pathlib.Path(folder))


if __name__ == "__main__":
    main()
