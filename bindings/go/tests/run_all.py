#!/usr/bin/env python3
"""Runs the tests of the Go binding: gofmt, go vet and go test; then the module as users get it: copied outside the source tree, with
the installed library, the README's example word for word, and golang.org/x/oauth2 beside it.

usage: run_all.py BUILD_FOLDER PREFIX LIBDIR
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

PACKAGE = pathlib.Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
sys.path.insert(0, str(ROOT / "tests/install"))
import stage  # noqa: E402

BUILD, PREFIX, LIBDIR = sys.argv[1:]
# Where Debian keeps the sources of Go packages (golang-golang-x-oauth2-dev).
DEBIAN_SOURCES = pathlib.Path("/usr/share/gocode")

OAUTH2 = """package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"ecoauth"

	"golang.org/x/oauth2"
)

func main() {
	client, err := ecoauth.New(ecoauth.Options{Store: ecoauth.FileStore("tokens"), BaseURL: os.Getenv("ECOAUTH_SERVER")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	account, _ := client.Account("")
	var source oauth2.TokenSource = ecoauth.NewTokenSource(context.Background(), account, func(token ecoauth.Token) *oauth2.Token {
		return &oauth2.Token{AccessToken: token.AccessToken(), TokenType: "Bearer", Expiry: token.Expiry()}
	})
	answer, err := oauth2.NewClient(context.Background(), source).Get(os.Getenv("ECOAUTH_SERVER") + "/1/thermostatSummary?json=%7B%7D")
	fmt.Println(err, answer.StatusCode)
}
"""


def go_environment():
    """Nothing is fetched, and nothing is written outside of the build folder."""
    cache = pathlib.Path(BUILD) / "bindings/go"
    return {"GOCACHE": str(cache / "cache"), "GOPATH": str(cache / "path"), "GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local",
            "GOTELEMETRY": "off"}


def run(*command, **more):
    print("$", *command, flush=True)
    if subprocess.run(command, **more).returncode != 0:
        raise SystemExit(f"failed: {' '.join(command)}")


def test_source():
    environment = {**os.environ, **go_environment(), "PKG_CONFIG_PATH": str(pathlib.Path(BUILD) / "meson-uninstalled"),
                   "LD_LIBRARY_PATH": str(pathlib.Path(os.environ["ECOAUTH_LIBRARY"]).parent)}
    unformatted = subprocess.run(["gofmt", "-l", "."], cwd=PACKAGE, check=True, capture_output=True, text=True).stdout
    if unformatted:
        raise SystemExit(f"gofmt -w is needed: {unformatted}")
    run("go", "vet", "./...", cwd=PACKAGE, env=environment)
    run("go", "test", "-v", "-count=1", "-timeout=540s", ".", cwd=PACKAGE, env=environment)


def check(done):
    if done.returncode != 0:
        raise SystemExit(f"{done.args}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def test_module(installed, sandbox):
    """`module` and `login` lie beside each other, as the README says."""
    environment = {**go_environment(), "ECOAUTH_SERVER": sandbox.url, "ECOAUTH_CLIENT_ID": "GoTestGoTestGoTestGoTestGoTest01"}
    place = installed.folder("go")
    module, login = place / "ecoauth", place / "login"
    shutil.copytree(PACKAGE, module, ignore=shutil.ignore_patterns("tests", "meson.build", "*_test.go"))
    shutil.copy(ROOT / "LICENSE", module)
    readme = module / "README.md"
    login.mkdir()
    (login / "main.go").write_text(stage.blocks(readme, "go")[0], encoding="ascii")
    said = check(installed.run("set -e\n" + stage.blocks(readme, "sh")[0], cwd=login, **environment))
    if not re.search(r"^Enter [A-Z0-9]{4}-[A-Z0-9]{4} at http://127\.0\.0\.1:\d+/consumerportal/index\.html\n\{.*\"thermostatCount\"", said, re.S | re.M):
        raise SystemExit(f"the example said {said!r}")

    example = check(installed.run(["go", "run", "./examples/login"], cwd=module, **environment))
    again = check(installed.run(["go", "run", "./examples/login"], cwd=module, **environment))
    if "Enter" not in example or "Enter" in again or '"thermostatCount"' not in again:
        raise SystemExit(f"the example said {example!r}, then {again!r}")
    documentation = check(installed.run(["go", "doc", "-all", "."], cwd=module, **environment))
    for name in ("func New(", "type Transport struct", "func NewTokenSource["):
        if name not in documentation:
            raise SystemExit(f"the reference lacks {name}")

    if (DEBIAN_SOURCES / "src/golang.org/x/oauth2").is_dir():
        sources = place / "path/src"
        shutil.copytree(module, sources / "ecoauth")
        (sources / "source").mkdir()
        (sources / "source/main.go").write_text(OAUTH2, encoding="ascii")
        said = check(installed.run(["go", "run", "source"], cwd=login, **{**environment, "GO111MODULE": "off", "GOFLAGS": "",
                                                                          "GOPATH": f"{place / 'path'}:{DEBIAN_SOURCES}"}))
        if said != "<nil> 200\n":
            raise SystemExit(f"with x/oauth2: {said!r}")
    else:
        raise SystemExit("golang-golang-x-oauth2-dev is not installed; ./dev test installs what the bindings' tests need")


def main():
    test_source()
    with stage.with_sandbox(BUILD, PREFIX, LIBDIR) as (installed, sandbox):
        try:
            test_module(installed, sandbox)
        finally:  # Go's caches are read-only
            subprocess.run(["chmod", "-R", "u+w", str(installed.root)], check=True)
    print("scenario package: passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
