#!/usr/bin/env python3
"""Runs the tests of the Lua binding: busted with the modules as they lie here; then the rock as users install it, outside the source
tree, with the README's example word for word; then the examples of Lua, Ruby and Perl.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent
BINDING = TESTS.parent
sys.path.insert(0, str(BINDING.parents[1] / "tests/support"))
from sandbox_process import SandboxProcess  # noqa: E402

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("LUA", "MESON"))}


def run(*command, cwd, **more):
    done = subprocess.run([str(each) for each in command], cwd=cwd, env={**ENVIRONMENT, **more}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def busted(path):
    command = ["luajit", shutil.which("busted"), "--output=TAP", "--pattern=_spec", str(TESTS)]
    if subprocess.run(command, cwd=TESTS, env={**ENVIRONMENT, "LUA_PATH": f"{path};{TESTS}/?.lua;;"}).returncode != 0:
        raise SystemExit("busted failed")


def make_rock(work):
    """Packs the rock and installs it from the packed file: nothing of the source tree is in use afterwards."""
    source, tree = work / "source", work / "tree"
    shutil.copytree(BINDING, source, ignore=shutil.ignore_patterns("tests", "ruby", "perl", "meson.build"))
    shutil.copy(os.environ["ECOAUTH_LICENSE"], source / "LICENSE")
    rocks = ("luarocks", "--lua-version=5.1", "--tree")
    home = {"HOME": str(work)}
    run(*rocks, work / "first", "make", "--deps-mode=none", "ecoauth-0.1.0-1.rockspec", cwd=source, **home)
    run(*rocks, work / "first", "pack", "ecoauth", cwd=work, **home)
    shutil.rmtree(source)
    shutil.rmtree(work / "first")
    run(*rocks, tree, "install", "--deps-mode=none", work / "ecoauth-0.1.0-1.all.rock", cwd=work, **home)
    installed = {path.name for path in (tree / "share/lua/5.1/ecoauth").iterdir()}
    assert installed == {path.name for path in (BINDING / "src/ecoauth").iterdir()}, installed
    documents = {path.name for path in tree.rglob("*") if "rocks-5.1" in str(path)}
    assert {"LICENSE", "README.md", "ecoauth-0.1.0-1.rockspec"} <= documents, documents
    shutil.rmtree(work / ".cache", ignore_errors=True)
    return f"{tree}/share/lua/5.1/?.lua;{tree}/share/lua/5.1/?/init.lua"


def expect(pattern, said):
    assert re.fullmatch(pattern, said, re.S), said


def examples(work, path):
    pin, answer = r"Enter [A-Z0-9]{4}-[A-Z0-9]{4} at http://127\.0\.0\.1:\d+/consumerportal/index\.html\n", r"\{.*\"thermostatCount\".*\}\s*"
    (readme,) = re.findall(r"^```lua\n(.*?)^```$", (BINDING / "README.md").read_text(encoding="ascii"), re.S | re.M)
    (work / "readme.lua").write_text(readme)
    with SandboxProcess(os.environ["ECOAUTH_SANDBOX"], "--interval", "1", "--auto-approve", "0") as sandbox:
        environment = {"ECOAUTH_SERVER": sandbox.url, "ECOAUTH_CLIENT_ID": "LuaTestLuaTestLuaTestLuaTestLua3", "LUA_PATH": f"{path};;"}
        # Each asks once in a folder of its own, and never again.
        for name, command in {"readme": ("luajit", work / "readme.lua"), "lua": ("luajit", BINDING / "examples/login.lua"),
                              "ruby": ("ruby", "-w", BINDING / "ruby/login.rb"), "perl": ("perl", BINDING / "perl/login.pl")}.items():
            (work / name).mkdir()
            expect(pin + answer, run(*command, cwd=work / name, **environment))
            if name != "readme":
                expect(answer, run(*command, cwd=work / name, **environment))
                sandbox.control("expire", what="access")
                expect(answer, run(*command, cwd=work / name, **environment))
        said = run("luajit", BINDING / "examples/with_coroutines.lua", cwd=work, **environment)
        for key in ("house", "cabin"):
            assert f"for the {key}\n" in said and re.search(rf"the {key} is authorized, valid for 3[56]\d\d s", said), said
    # What fails ends with what happened and what to do, and a code.
    for command in (("luajit", BINDING / "examples/login.lua"), ("ruby", "-w", BINDING / "ruby/login.rb"), ("perl", BINDING / "perl/login.pl")):
        with SandboxProcess(os.environ["ECOAUTH_SANDBOX"], "--interval", "1", "--auto-decline", "0") as sandbox, \
                tempfile.TemporaryDirectory(prefix="ecoauth-lua.") as folder:
            done = subprocess.run([str(each) for each in command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  env={**ENVIRONMENT, **environment, "ECOAUTH_SERVER": sandbox.url}, timeout=100)
            assert done.returncode == 1 and re.search("declined|denied|refused", done.stderr) and done.stderr.count("\n") == 2, done


def main():
    busted(f"{BINDING}/src/?.lua;{BINDING}/src/?/init.lua")
    with tempfile.TemporaryDirectory(prefix="ecoauth-lua.") as folder:
        work = pathlib.Path(folder)
        examples(work, make_rock(work))
    print("scenario package: passed")
    print("scenario own-store: not applicable: the library would call it from its own threads, which LuaJIT does not survive")


if __name__ == "__main__":
    main()
