"""The man pages say what the programs say, word for word where it is about options, and their examples work as printed.

usage: man_test.py ECOAUTH SANDBOX PAGE...
"""
import os
import re
import shutil
import subprocess
import sys

PAGES = {os.path.basename(path): path for path in sys.argv[3:]}
del sys.argv[3:]
from harness import ECOAUTH, SANDBOX, Case, main  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def lines_of(page):
    with open(PAGES[page], encoding="ascii") as file:
        return file.read().splitlines()


def options_in_help(program, *command):
    """Of the list of options: "  -q,--quiet   ..."."""
    text = subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True).stdout
    return {name for line in re.findall(r"(?m)^  (-\S+)", text) for name in line.split(",")}


def options_in_page(lines):
    """Of ".It Fl q , -quiet" and ".It Fl -flow Cm pin"."""
    flags = [re.sub(r" (Ar|Cm) .*", "", line.removeprefix(".It Fl ")) for line in lines if line.startswith(".It Fl ")]
    return {"-" + name for line in flags for name in line.split(" , ")}


def section(lines, title):
    begin = lines.index(".Sh " + title) + 1
    end = next((i for i in range(begin, len(lines)) if lines[i].startswith(".Sh ")), len(lines))
    return lines[begin:end]


def example(page):
    lines = section(lines_of(page), "EXAMPLES")
    begin = next(i for i, line in enumerate(lines) if line.startswith(".Bd -literal"))
    return "\n".join(lines[begin + 1:lines.index(".Ed")]).replace(r"\e", "\\") + "\n"


class Pages(Case):
    def test_lint(self):
        self.assertEqual(set(PAGES), {"ecoauth.1", "ecoauth-sandbox.1", "libecoauth.3"})
        for path in PAGES.values():
            lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path], capture_output=True, text=True)
            self.assertEqual((lint.returncode, lint.stdout), (0, ""))

    def test_options_and_commands(self):
        lines = lines_of("ecoauth.1")
        self.assertEqual(options_in_page(section(lines, "OPTIONS")), options_in_help(ECOAUTH))
        parts, command = {}, None
        for line in section(lines, "COMMANDS"):
            if match := re.match(r"\.It Cm (\S+)", line):
                command = match[1]
                parts[command] = []
            elif command:
                parts[command].append(line)
        help_text = subprocess.run([ECOAUTH, "--help"], capture_output=True, text=True, check=True).stdout
        listed = re.findall(r"(?m)^  ([a-z]+) +\S", help_text.split("\nCommands:\n", 1)[1].split("\n\n")[0])
        self.assertEqual(list(parts), listed)
        self.assertGreater(len(listed), 10)
        for name, text in parts.items():
            with self.subTest(command=name):
                self.assertEqual(options_in_page(text), options_in_help(ECOAUTH, name) - {"-h", "--help"})

    def test_exit_codes_and_environment(self):
        lines = lines_of("ecoauth.1")
        help_text = subprocess.run([ECOAUTH, "--help"], capture_output=True, text=True, check=True).stdout
        codes = re.findall(r"(?m)^  (\d+)  ", help_text.split("\nExit codes:\n", 1)[1])
        self.assertEqual([line.split()[1] for line in section(lines, "EXIT STATUS") if line.startswith(".It ")], codes)
        told = set(re.findall(r"Env:(\w+)", help_text)) | {"ECOAUTH_CLIENT_ID"}
        in_page = {name for line in section(lines, "ENVIRONMENT") if line.startswith(".It ") for name in re.findall(r"ECOAUTH_\w+", line)}
        self.assertEqual(in_page, told)

    def test_sandbox_options(self):
        options = options_in_page(lines_of("ecoauth-sandbox.1"))
        self.assertEqual(options, options_in_help(SANDBOX))
        self.assertGreater(len(options), 20)

    def test_functions_of_the_library(self):
        headers = ""
        folder = os.path.join(ROOT, "include", "ecoauth")
        for name in os.listdir(folder):
            if name.endswith(".h"):
                with open(os.path.join(folder, name), encoding="ascii") as file:
                    headers += file.read()
        named = {line.split()[1] for line in lines_of("libecoauth.3") if line.startswith(".Fn ")}
        self.assertGreater(len(named), 30)
        for name in named:
            self.assertRegex(headers, rf"\b{name}\(")

    def shell(self, script):
        """As printed, but on free ports."""
        programs = os.path.join(self.folder, "bin")
        os.mkdir(programs)
        for program in (ECOAUTH, SANDBOX):
            os.symlink(program, os.path.join(programs, os.path.basename(program)))
        environment = {"PATH": programs + ":" + os.environ["PATH"], "HOME": self.folder,
                       **{name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")}}
        end = "\nkill %1; wait %1 2>/dev/null || :\n"
        network = [] if not shutil.which("unshare") else ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "-rn"]
        run = subprocess.run([*network, "bash", "-c", "ip link set lo up; set -em; trap 'kill %1' ERR\n" + script + end],
                             cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout + run.stderr

    def test_example_of_ecoauth(self):
        said = self.shell(example("ecoauth.1"))
        for words in ("Authorized for smartRead", "active", "thermostatList", "All is well.", "Signed out"):
            self.assertIn(words, said)

    def test_example_of_the_sandbox(self):
        self.assertIn("active", self.shell(example("ecoauth-sandbox.1")))


if __name__ == "__main__":
    main()
