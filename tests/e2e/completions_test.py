"""What bash, zsh and fish complete, asked of the real shells as a person asks them: with the tabulator key.

usage: completions_test.py ECOAUTH SANDBOX FOLDER_OF_COMPLETIONS
"""
import os
import re
import shutil
import subprocess
import sys
import time

FOLDER = os.path.abspath(sys.argv.pop(3))
from harness import ECOAUTH, PATIENCE_S, Case, main  # noqa: E402
from terminal import Terminal  # noqa: E402

COMMANDS = ("login", "token", "refresh", "request", "status", "accounts", "watch", "doctor", "import", "logout", "version")


def help_of(*command):
    return subprocess.run([ECOAUTH, *command, "--help"], capture_output=True, text=True, check=True).stdout


def options_in_help(*command):
    return {name for line in re.findall(r"(?m)^  (-\S+)", help_of(*command)) for name in line.split(",")}


class Shells(Case):
    def shell(self, *command, **environment):
        """An interactive shell of its own, that finds the tool."""
        program = shutil.which(command[0])
        self.assertTrue(program, f"{command[0]} is missing")
        bin_folder = os.path.join(self.folder, "bin")
        os.makedirs(bin_folder, exist_ok=True)
        os.symlink(ECOAUTH, os.path.join(bin_folder, "ecoauth"))
        for name in ("answer.json", "key.txt"):
            open(os.path.join(self.folder, name), "w").close()
        tool = self.tool()
        tool.environment["PATH"] = bin_folder + ":" + os.environ["PATH"]
        tool.environment["PS1"] = "> "
        terminal = Terminal(tool, *command[1:], program=program, columns=200, rows=50, **environment)
        self.addCleanup(terminal.end)
        self.addCleanup(terminal.type, "\x15exit\n")
        return terminal

    def line_becomes(self, terminal, expected):
        """The line with the cursor, without what is to its right."""
        def line():
            cursor = terminal.emulator.cursor
            return terminal.emulator.display[cursor.y][:cursor.x]
        end = time.monotonic() + PATIENCE_S
        while line() != "> " + expected:
            self.assertTrue(time.monotonic() < end and terminal.read(0.5), f"not {expected!r} but {terminal.screen()}")

    def completes(self, terminal, typed, expected):
        """The line after TAB; then it is wiped."""
        terminal.type(typed + "\t")
        self.line_becomes(terminal, expected)
        terminal.type("\x15")
        self.line_becomes(terminal, "")

    LINES = (("ecoauth doc", "ecoauth doctor "), ("ecoauth --clie", "ecoauth --client-id-file "),
             ("ecoauth login --fl", "ecoauth login --flow "), ("ecoauth login --flow ut", "ecoauth login --flow utility "),
             ("ecoauth --account cabin tok", "ecoauth --account cabin token "), ("ecoauth request GE", "ecoauth request GET "),
             ("ecoauth --client-id-file ke", "ecoauth --client-id-file key.txt "), ("ecoauth import an", "ecoauth import answer.json "),
             ("ecoauth --store mem", "ecoauth --store memory:"), ("ecoauth --store file:/tmp --js", "ecoauth --store file:/tmp --json "))

    def check(self, terminal, *preparations, before_value=" "):
        for line in ("cd " + self.folder, *preparations, "clear"):
            self.line_becomes(terminal, "")
            terminal.type(line + "\n")
            terminal.until(re.escape(line[-20:]) + r"[^\n]*\n")
        self.line_becomes(terminal, "")
        for typed, expected in self.LINES:
            wants_value = expected.endswith(("--client-id-file ", "--flow "))
            self.completes(terminal, typed, expected[:-1] + before_value if wants_value else expected)

    def test_bash(self):
        self.check(self.shell("bash", "--norc", "--noprofile", "-i"), f". {FOLDER}/ecoauth")

    def test_zsh(self):
        shutil.copy(os.path.join(FOLDER, "_ecoauth"), self.folder)
        with open(os.path.join(self.folder, ".zshrc"), "w") as file:
            file.write(f"unsetopt PROMPT_SP PROMPT_CR; fpath=({self.folder} $fpath); autoload -Uz compinit; compinit -u -D; PS1='> '\n")
        self.check(self.shell("zsh", "-d", "-i", ZDOTDIR=self.folder), before_value="=")

    def bash_offers(self, line):
        words = line.split(" ")
        script = f". {FOLDER}/ecoauth; COMP_WORDS=({' '.join(map(repr, words))}); COMP_CWORD={len(words) - 1}; _ecoauth; " \
                 "printf '%s\\n' \"${COMPREPLY[@]}\""
        out = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True)
        return set(out.stdout.split())

    def fish_offers(self, line):
        environment = {**os.environ, "HOME": self.folder, "XDG_CONFIG_HOME": self.folder, "XDG_DATA_HOME": self.folder}
        out = subprocess.run(["fish", "-N", "-c", f"source {FOLDER}/ecoauth.fish; complete -C '{line}'"], capture_output=True, text=True,
                             check=True, env=environment)
        self.assertEqual(out.stderr, "")
        return {offer.split("\t")[0] for offer in out.stdout.splitlines()}

    def test_all_of_help_is_offered_and_nothing_else(self):
        for offers in (self.bash_offers, self.fish_offers):
            with self.subTest(shell=offers.__name__):
                self.assertEqual(offers("ecoauth "), set(COMMANDS))
                general = options_in_help()
                self.assertEqual({name for name in offers("ecoauth --")} - {"-"}, {name for name in general if name.startswith("--")})
                for command in COMMANDS:
                    wanted = {name for name in general | options_in_help(command) if name.startswith("--")}
                    self.assertEqual(offers(f"ecoauth {command} --"), wanted, command)

    def test_values(self):
        for offers in (self.bash_offers, self.fish_offers):
            with self.subTest(shell=offers.__name__):
                self.assertEqual(offers("ecoauth login --flow "), {"pin", "code", "utility"})
                self.assertEqual(offers("ecoauth request "), {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
                self.assertEqual(offers("ecoauth --scope smartW"), {"smartWrite"})
                self.assertEqual(offers("ecoauth --server "), set())
                # A flag of one command, with a value in another.
                self.assertEqual(offers("ecoauth request --header "), set())
                self.assertEqual(offers("ecoauth request --header Accept GE"), {"GET"})
                self.assertIn("--min-valid", offers("ecoauth token --header --"))


if __name__ == "__main__":
    main()
