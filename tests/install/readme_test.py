#!/usr/bin/env python3
"""What README.md prints works as printed: each block is taken from it word for word and run against an installed ecoauth.

The first block, `./dev demo` and `./dev test`, is what `./dev fresh` runs in an empty system, and so are the commands that install;
`./dev demo` is also run here when this is the build folder it uses.

usage: readme_test.py BUILD_FOLDER PREFIX LIBDIR
"""
import os
import pathlib
import re
import subprocess
import sys
import unittest

import stage
from stage import SOURCE, readme_blocks

OWN_NETWORK = stage.enter_own_network()

BUILD = sys.argv[1]
CLIENT_ID = "ReadmeTestReadmeTestReadmeTest32"
SHELL = readme_blocks("sh")


class Readme(stage.StagedTest):
    def shell(self, block, cwd, **environment):
        """As a person would paste it, but stopping at the first failure."""
        done = self.stage.run("set -e\n" + block, cwd=cwd, **environment)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def at_sandbox(self):
        return {"ECOAUTH_SERVER": self.sandbox.url, "ECOAUTH_CLIENT_ID": CLIENT_ID}

    def test_every_block_is_known(self):
        self.assertEqual([block.split("\n")[0].split()[0] for block in SHELL],
                         ["./dev", "cc", "ecoauth", "ecoauth-sandbox", "./dev"])
        self.assertEqual(len(readme_blocks("c")), 1)
        self.assertEqual(len(readme_blocks("python")), 1)
        fences = (SOURCE / "README.md").read_text().count("\n```")
        self.assertEqual(fences, 2 * (len(SHELL) + 2), "a block in a language that no test runs")

    def test_the_two_commands(self):
        self.assertEqual(SHELL[0], "./dev demo\n./dev test\n")
        if pathlib.Path(BUILD).resolve() != (SOURCE / "build").resolve():
            return
        # With CI set, dev would configure the folder anew that this test runs from.
        environment = {name: value for name, value in os.environ.items() if name != "CI"}
        done = subprocess.run("./dev demo", shell=True, cwd=SOURCE, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=280)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("It all worked", done.stdout)

    def test_c_example(self):
        folder = self.stage.folder("c")
        (folder / "example.c").write_text(readme_blocks("c")[0])
        said = self.shell(SHELL[1], folder, **self.at_sandbox())
        self.assertRegex(said, r"^Enter \S+ at http://127\.0\.0\.1:\d+/consumerportal/index\.html\n"
                               r"OK \nThe access token is valid for 3[56]\d\d s\.\n$")
        self.assert_kept(folder / "tokens")

        # It tells what is wrong, too.
        refused = self.stage.run([str(folder / "example")], cwd=self.stage.folder("c-wrong"), ECOAUTH_SERVER=self.sandbox.url)
        self.assertEqual(refused.returncode, 1, refused.stdout)
        self.assertRegex(refused.stdout, r"^INVALID_ARGUMENT .*client_id.*NULL")

    def assert_kept(self, folder):
        files = [path for path in folder.rglob("*") if path.is_file()]
        self.assertEqual([path.stat().st_mode & 0o777 for path in files], [0o600])
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)

    def test_python_example(self):
        folder = self.stage.folder("python")
        (folder / "example.py").write_text(readme_blocks("python")[0])
        binding = {"PYTHONPATH": str(SOURCE / "bindings/python/src"), "PYTHONDONTWRITEBYTECODE": "1"}
        done = self.stage.run(["python3", "example.py"], cwd=folder, **binding, **self.at_sandbox())
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"^Enter \S+ at http://127\.0\.0\.1:\d+/consumerportal/index\.html\n\{.*thermostatCount")
        self.assert_kept(folder / "tokens")

    def test_command_line(self):
        state = self.stage.folder("state")
        said = self.shell(SHELL[2], self.stage.folder("command-line"), XDG_STATE_HOME=str(state), **self.at_sandbox())
        self.assertIn("Authorized for smartRead", said)
        self.assertRegex(said, r"Grant: +active")
        self.assertIn('"thermostatCount"', said)
        self.assertEqual([path for path in state.rglob("*") if b"access" in (path.read_bytes() if path.is_file() else b"")], [])

    def test_sandbox(self):
        block = SHELL[3]
        if not OWN_NETWORK:  # where the port may be somebody else's, another one takes its place
            block = block.replace("8080", str(stage.free_port()))
        said = self.shell(block, self.stage.folder("sandbox"))
        self.assertIn("ecoauth-sandbox ready: http://127.0.0.1:", said)
        self.assertIn("Authorized for smartRead", said)
        self.assertIn("Refreshed", said)

    def test_every_file_it_names_is_there(self):
        for target in re.findall(r"\]\(([^)]+)\)", (SOURCE / "README.md").read_text()):
            if not target.startswith("https://"):
                self.assertTrue((SOURCE / target).exists(), target)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
