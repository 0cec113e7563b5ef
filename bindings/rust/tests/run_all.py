#!/usr/bin/env python3
"""Runs the tests of the Rust binding: cargo test, documentation without warnings; then the crates as users get them: packed,
unpacked outside the source tree, with the installed library and the README's example word for word.

usage: run_all.py BUILD_FOLDER PREFIX LIBDIR
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile

WORKSPACE = pathlib.Path(__file__).resolve().parents[1]
ROOT = WORKSPACE.parents[1]
sys.path.insert(0, str(ROOT / "tests/install"))
import stage  # noqa: E402

BUILD, PREFIX, LIBDIR = sys.argv[1:]
PLACE = pathlib.Path(BUILD).resolve() / "bindings/rust"


def cargo_environment():
    """Nothing is fetched, and nothing is written outside of the build folder."""
    return {"CARGO_TARGET_DIR": str(PLACE / "target"), "CARGO_HOME": str(PLACE / "home"), "CARGO_NET_OFFLINE": "true",
            "CARGO_TERM_COLOR": "never", "CARGO_INCREMENTAL": "0"}


def run(*command, **more):
    print("$", *command, flush=True)
    if subprocess.run(command, **more).returncode != 0:
        raise SystemExit(f"failed: {' '.join(command)}")


def environment_of_build():
    return {**os.environ, **cargo_environment(), "PKG_CONFIG_PATH": str(pathlib.Path(BUILD) / "meson-uninstalled"),
            "LD_LIBRARY_PATH": str(pathlib.Path(os.environ["ECOAUTH_LIBRARY"]).parent)}


def test_source():
    environment = {**environment_of_build(), "RUSTFLAGS": "-D warnings", "RUSTDOCFLAGS": "-D warnings"}
    run("cargo", "test", "--locked", "--workspace", "--", "--nocapture", cwd=WORKSPACE, env={**environment, "RUST_BACKTRACE": "0"})
    run("cargo", "doc", "--locked", "--no-deps", cwd=WORKSPACE, env=environment)


def pack(place):
    """The .crate files, unpacked as a vendored folder: in it the second finds the first, as it would where crates are published."""
    source = place / "source"
    shutil.copytree(WORKSPACE, source, ignore=shutil.ignore_patterns("meson.build", "target"))
    vendored = place / "vendored"
    vendored.mkdir()
    (source / ".cargo").mkdir()
    (source / ".cargo/config.toml").write_text(
        f'[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "{vendored}"\n', encoding="ascii")
    for crate in ("ecoauth-sys", "ecoauth"):
        shutil.copy(os.environ["ECOAUTH_LICENSE"], source / crate / "LICENSE")
        run("cargo", "package", "--offline", "--allow-dirty", "--no-verify", "--manifest-path", source / crate / "Cargo.toml",
            cwd=source, env={**environment_of_build(), "CARGO_TARGET_DIR": str(place / "packed")})
        packed = place / f"packed/package/{crate}-0.1.0.crate"
        with tarfile.open(packed) as inside:
            inside.extractall(vendored)
        names = {path.name for path in (vendored / f"{crate}-0.1.0").iterdir()}
        if not {"Cargo.toml", "LICENSE", "README.md", "src"} <= names:
            raise SystemExit(f"{packed} holds {sorted(names)}")
        checksum = {"files": {}, "package": hashlib.sha256(packed.read_bytes()).hexdigest()}
        (vendored / f"{crate}-0.1.0/.cargo-checksum.json").write_text(json.dumps(checksum), encoding="ascii")
    return vendored, source / ".cargo"


def check(done):
    if done.returncode != 0:
        raise SystemExit(f"{done.args}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def test_crates(installed, sandbox):
    environment = {**cargo_environment(), "ECOAUTH_SERVER": sandbox.url, "ECOAUTH_CLIENT_ID": "RustTestRustTestRustTestRustTest"}
    # The home folder is another one; a toolchain that was not installed by packages is found in the old one.
    environment["RUSTUP_HOME"] = os.environ.get("RUSTUP_HOME", str(pathlib.Path.home() / ".rustup"))
    place = installed.folder("rust")
    vendored, configuration = pack(place)
    # The two crates and the program lie beside each other, as the README says.
    shutil.copytree(vendored / "ecoauth-0.1.0", place / "ecoauth")
    shutil.copytree(vendored / "ecoauth-sys-0.1.0", place / "ecoauth-sys")
    shutil.copytree(configuration, place / ".cargo")
    login = place / "login"
    (login / "src").mkdir(parents=True)
    readme = place / "ecoauth/README.md"
    (login / "src/main.rs").write_text(stage.blocks(readme, "no_run")[0], encoding="ascii")
    said = check(installed.run("set -e\n" + stage.blocks(readme, "sh")[0], cwd=login, **environment))
    if not re.search(r"^Enter [A-Z0-9]{4}-[A-Z0-9]{4} at http://127\.0\.0\.1:\d+/consumerportal/index\.html\n\{.*\"thermostatCount\"", said, re.S | re.M):
        raise SystemExit(f"the example said {said!r}")
    for asks in (True, False):
        said = check(installed.run(["cargo", "run", "--quiet", "--example", "login"], cwd=place / "ecoauth", **environment))
        if ("Enter" in said) != asks or '"thermostatCount"' not in said:
            raise SystemExit(f"the example said {said!r}")


def main():
    test_source()
    with stage.with_sandbox(BUILD, PREFIX, LIBDIR) as (installed, sandbox):
        test_crates(installed, sandbox)
    print("scenario package: passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
