#!/usr/bin/env python3
"""What the pages of docs/ print works as printed: the `sh` blocks of a page are run one after the other, as somebody would paste them who
reads it from top to bottom, in an installed ecoauth; programs in C are compiled and run, units of systemd are checked by it. A block in
a language that nothing here runs is an error.

usage: docs_test.py BUILD_FOLDER PREFIX LIBDIR
"""
import json
import pathlib
import re
import socket
import subprocess
import sys
import unittest

import stage
from stage import SOURCE, blocks

sys.path.insert(0, str(SOURCE / "tests/support"))
from sandbox_process import wait_for  # noqa: E402

OWN_NETWORK = stage.enter_own_network()

CLIENT_ID = "DocsTestDocsTestDocsTestDocsTe32"
PAGES = {path.name: path for path in sorted((SOURCE / "docs").glob("*.md"))}
RUNNERS = {"sh", "c", "ini"}
FLOWS = {"pin.md": "Authorized for smartRead", "code.md": "Authorized for smartRead", "utility.md": "cannot be refreshed"}
# Nothing that a page does as root may reach this machine: it gets layers over these, which go with the test.
WRITTEN_BY_PAGES = ("/etc", "/var/lib")


class Docs(stage.StagedTest):
    def is_free(self, port):
        if not OWN_NETWORK:
            return True
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return True
            except OSError:
                return False

    def play(self, page):
        """All its `sh` blocks as one script, which stops at the first failure; what it said."""
        script = "set -e\n" + "".join(blocks(PAGES[page], "sh"))
        if not OWN_NETWORK:  # where the port may be somebody else's, another one takes its place
            script = script.replace("8080", str(stage.free_port()))
        folder = self.stage.folder(page)
        wait_for(lambda: self.is_free(8080), "the sandbox of the page before to be gone")
        done = self.stage.run(["sh", "-c", script], cwd=folder, ECOAUTH_SERVER=self.sandbox.url, ECOAUTH_CLIENT_ID=CLIENT_ID,
                              XDG_STATE_HOME=str(folder / "state"))
        self.assertEqual(done.returncode, 0, done.stdout)
        return folder, done.stdout

    def test_every_block_is_run(self):
        for name, path in PAGES.items():
            languages = re.findall(r"^```(.*)$", path.read_text(encoding="ascii"), re.M)[::2]
            with self.subTest(name):
                self.assertLessEqual(set(languages), RUNNERS)
                self.assertTrue(not languages or name in FLOWS or hasattr(self, "test_" + name.removesuffix(".md")),
                                "no test plays this page")

    def test_every_file_that_is_named_is_there(self):
        for name, path in PAGES.items():
            for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="ascii")):
                if not target.startswith("https://"):
                    self.assertTrue((path.parent / target).exists(), f"{name}: {target}")

    def test_sandbox(self):
        folder, said = self.play("sandbox.md")
        for word in ("thermostatCount", "Authorized for smartRead", '"idempotent"', "unknown_pin", '"revoked": 1', '"expired": 1',
                     '"refresh": "strict-family"'):
            self.assertIn(word, said)
        log = [json.loads(line) for line in (folder / "requests.jsonl").read_text().splitlines()]
        self.assertIn(("/token", 200), [(each["path"], each["status"]) for each in log])
        self.assertEqual((folder / "openapi.yaml").read_bytes(), (SOURCE / "src/sandbox/openapi.yaml").read_bytes())
        self.assertEqual((folder / "openapi.yaml").read_bytes(),
                         (self.stage.prefix / "share/ecoauth/sandbox/openapi.yaml").read_bytes())

    def test_sandbox_tables(self):
        """They have every fault and every switch with its option, and no others."""
        text = PAGES["sandbox.md"].read_text(encoding="ascii")
        known = json.loads(self.stage.run(["curl", "-s", self.sandbox.url + "/sandbox/faults"]).stdout)
        rows = re.search(r"^\| name \|.*?\n\n", text, re.S | re.M)[0].split("\n")[2:-2]
        told = {}
        for row in rows:
            names, _, parameters = row.split(" | ")
            for name in re.findall("`(.*?)`", names):
                told[name] = set(re.findall("`(.*?)`", parameters))
        self.assertEqual(told, {each["name"]: {parameter["name"] for parameter in each["parameters"]} for each in known["faults"]})
        common = re.search(r"^Every fault takes (.*?)\. Faults", text, re.S | re.M)[1]
        self.assertEqual(re.findall(r"`(\w+)`", common), [each["name"] for each in known["common"]])
        known = json.loads(self.stage.run(["curl", "-s", self.sandbox.url + "/sandbox/switches"]).stdout)["switches"]
        rows = re.search(r"^\| switch \|.*?\n\n", text, re.S | re.M)[0].split("\n")[2:-2]
        pairs = [pair for row in rows
                 for pair in zip(re.findall(r"`(\w+)`", row.split(" | ")[0]), re.findall("`(--.*?)`", row.split(" | ")[1]))]
        self.assertEqual(sorted(pairs), sorted((each["name"], each["option"]) for each in known))

    def test_sealing(self):
        """Its second block is for root, and changes a machine."""
        if not (OWN_NETWORK and stage.enter_own_mounts(self.stage.folder("layers"), WRITTEN_BY_PAGES)):
            reason = "no right to a mount namespace of one's own: systemd-creds would write to this machine"
            print("skipped:", reason)
            self.skipTest(reason)
        folder, said = self.play("sealing.md")
        self.assertIn("Authorized for smartRead", said)
        self.assertEqual([path for path in (folder / "state").rglob("*") if path.is_file() and b"refresh" in path.read_bytes()], [])
        self.assertTrue(pathlib.Path("/etc/credstore.encrypted/ecoauth-key").stat().st_size > 0)
        unit = self.stage.folder("units") / "page.service"
        unit.write_text("[Unit]\nDescription=page\n" + blocks(PAGES["sealing.md"], "ini")[0] + "ExecStart=/bin/true\n")
        done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_flows(self):
        for page, words in FLOWS.items():
            with self.subTest(page):
                _, said = self.play(page)
                self.assertRegex(said, r"Grant: +active")
                self.assertIn(words, said)

    def test_embedding(self):
        folder = self.stage.folder("embedding")
        for number, block in enumerate(blocks(PAGES["embedding.md"], "c")):
            (folder / f"{number}.c").write_text(block)
            done = self.stage.run(f"cc -Wall -Wextra -Werror -Wno-unused-parameter {number}.c $(pkg-config --cflags --libs ecoauth) -o {number} && ./{number}",
                                  cwd=folder, ECOAUTH_SERVER=self.sandbox.url, ECOAUTH_CLIENT_ID=CLIENT_ID)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertRegex(done.stdout, r"Enter \S+ at http://127\.0\.0\.1:\d+/")
            self.assertRegex(done.stdout, r"A token for 3[56]\d\d s\.\n")

    def test_man_page_of_the_library(self):
        """Its example, as a reader sees it, built by the line below it."""
        page = (SOURCE / "docs/man/libecoauth.3").read_text(encoding="ascii")
        folder = self.stage.folder("man")
        literal = re.search(r"^\.Bd -literal\n(#include.*?)^\.Ed$", page, re.S | re.M)[1]
        (folder / "example.c").write_text(literal.replace("\\e", "\\"))
        build = re.search(r"^\.Dl (cc .*)$", page, re.M)[1]
        done = self.stage.run(f"set -e\necoauth --store file:tokens login\n{build}\n./example tokens {self.sandbox.url} > token",
                              cwd=folder, ECOAUTH_SERVER=self.sandbox.url, ECOAUTH_CLIENT_ID=CLIENT_ID)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex((folder / "token").read_text(), r"^\S{20,}\n$")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
