#!/usr/bin/env python3
"""The test programs of the C++ binding, then the binding as users get it: installed, found by pkg-config, CMake and Meson, and the
README's example word for word.

usage: run_all.py BUILD_FOLDER PREFIX LIBDIR TEST_PROGRAM...
"""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/install"))
import stage  # noqa: E402

BUILD, PREFIX, LIBDIR, *PROGRAMS = sys.argv[1:]


def block(language):
    return stage.blocks(ROOT / "bindings/cpp/README.md", language)[0]


def check(done):
    if done.returncode != 0:
        raise SystemExit(f"{done.args}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def expect_login(said):
    if not re.match(r"Enter [A-Z0-9]{4}-[A-Z0-9]{4} at http://127\.0\.0\.1:\d+/consumerportal/index\.html\n\{.*\"thermostatCount\"",
                    said, re.S):
        raise SystemExit(f"the example said {said!r}")


def by_pkg_config(installed, environment):
    folder = installed.folder("by-pkg-config")
    (folder / "login.cpp").write_text(block("cpp"))
    expect_login(check(installed.run("set -e\n" + block("sh"), cwd=folder, **environment)))


def by_cmake(installed, environment):
    folder = installed.folder("by-cmake")
    (folder / "login.cpp").write_text(block("cpp"))
    (folder / "plain.c").write_text("#include <ecoauth/ecoauth.h>\nint main(void) { return ecoauth_version() != ECOAUTH_VERSION_NUMBER; }\n")
    (folder / "CMakeLists.txt").write_text("""cmake_minimum_required(VERSION 3.16)
project(app LANGUAGES C CXX)
find_package(ecoauth 0.1 REQUIRED)
add_executable(login login.cpp)
target_link_libraries(login PRIVATE ecoauth::cpp)
add_executable(plain plain.c)
target_link_libraries(plain PRIVATE ecoauth::ecoauth)
""")
    check(installed.run(["cmake", "-S", ".", "-B", "out", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={installed.prefix}"], cwd=folder))
    check(installed.run(["cmake", "--build", "out"], cwd=folder))
    check(installed.run(["out/plain"], cwd=folder))
    expect_login(check(installed.run(["out/login"], cwd=folder, **environment)))
    # A version that is not there is refused.
    text = (folder / "CMakeLists.txt").read_text().replace("ecoauth 0.1", "ecoauth 1.0")
    (folder / "CMakeLists.txt").write_text(text)
    refused = installed.run(["cmake", "-S", ".", "-B", "later", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={installed.prefix}"], cwd=folder)
    assert refused.returncode != 0 and "compatible with requested version" in refused.stdout, refused.stdout


def by_meson(installed):
    """As a subproject; that is only configured, to find the headers and the library's name: building it is what BUILD_FOLDER did."""
    folder = installed.folder("by-meson")
    (folder / "login.cpp").write_text(block("cpp"))
    (folder / "meson.build").write_text("""project('app', 'cpp', default_options: 'cpp_std=c++17')
ecoauth = dependency('ecoauth-cpp', fallback: ['ecoauth', 'ecoauth_cpp_dep'], default_options: 'tests=false')
executable('login', 'login.cpp', dependencies: ecoauth)
""")
    (folder / "subprojects").mkdir()
    (folder / "subprojects/ecoauth").symlink_to(ROOT)
    # --force-fallback-for: not the one that may be installed.
    check(installed.run(["meson", "setup", "out", "--force-fallback-for=ecoauth,ecoauth-cpp"], cwd=folder, timeout_s=200))
    check(installed.run(["ninja", "-C", "out", "login.p/login.cpp.o"], cwd=folder))
    commands = subprocess.run(["ninja", "-C", folder / "out", "-t", "query", "login"], check=True, capture_output=True, text=True)
    assert "libecoauth.so" in commands.stdout, commands.stdout


def main():
    for program in PROGRAMS:
        done = subprocess.run([program, "--log_level=warning", "--color_output=no", "--catch_system_errors=no"], stdout=None, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            return done.returncode
    with stage.with_sandbox(BUILD, PREFIX, LIBDIR) as (installed, sandbox):
        environment = {"ECOAUTH_SERVER": sandbox.url, "ECOAUTH_CLIENT_ID": "CppTestCppTestCppTestCppTestCpp1"}
        by_pkg_config(installed, environment)
        by_cmake(installed, environment)
        by_meson(installed)
    print("scenario package: passed")
    print("scenario teardown: not applicable: no isolates")
    return 0


if __name__ == "__main__":
    os.environ.pop("MESON_BUILD_ROOT", None)
    sys.exit(main())
