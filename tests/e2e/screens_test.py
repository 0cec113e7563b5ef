"""What a person sees, character for character and colour for colour, at 80 and 120 columns: rendered by a terminal emulator and
compared with screens/*.txt. docs/pictures shows the same.

Nothing is pretended: a real sandbox at a fixed port, in a network and at a mount point of this test's own. What differs from run
to run (PIN, seconds) is replaced by something of the same length.

usage: screens_test.py ECOAUTH SANDBOX      with ECOAUTH_WRITE_SCREENS=1 in the environment it writes the files anew
"""
import difflib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SCREENS = os.path.join(HERE, "screens")
HOME = "/srv"  # where this test's folder is mounted
PORT = 8080


def enter_own_world():
    """Starts this program again where the port is free and the folder has a constant name."""
    if "ECOAUTH_SCREENS_FOLDER" in os.environ:
        return
    unshare = ["unshare", "--net", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net", "--mount"]
    folder = tempfile.mkdtemp(prefix="ecoauth-screens-", dir="/var/tmp")
    prepare = f'ip link set lo up && mount --bind "{folder}" {HOME} && exec "$@"'
    if subprocess.run([*unshare, "sh", "-c", prepare, "sh", "true"], capture_output=True).returncode != 0:
        os.rmdir(folder)
        print("no right to make namespaces here, which give the screens their constant addresses")
        sys.exit(77)
    try:
        done = subprocess.run([*unshare, "sh", "-c", prepare, "sh", sys.executable, "-B", *sys.argv],
                              env={**os.environ, "ECOAUTH_SCREENS_FOLDER": folder})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(done.returncode)


enter_own_world()
from harness import Case, Sandbox, Tool, main  # noqa: E402
from terminal import Terminal  # noqa: E402

MASKS = ((r"(PIN: +)[A-Z]{4}-[A-Z]{4}", r"\1BCDF-GHJK"), (r"14:\d\d left", "14:58 left"), (r"0:5\d left", "0:58 left"),
         (r"14 min \d\d s", "14 min 58 s"), (r"59 min 5\d s", "59 min 58 s"), (r"(received|refreshed) \d s ago", r"\1 1 s ago"),
         (r"(File system:   ok: )\w+", r"\1ext4"))


def style_of(cell):
    names = [cell.fg] if cell.fg != "default" else []
    names += ["on-" + cell.bg] if cell.bg != "default" else []
    return "+".join(names + (["bold"] if cell.bold else []))


def masked(line):
    for pattern, replacement in MASKS:
        line = re.sub(pattern, replacement, line)
    return line


def rendering(emulator):
    """The lines; then, for what is not plain, row, columns and style."""
    lines, styles = [], []
    for y in range(emulator.lines):
        cells = [emulator.buffer[y][x] for x in range(emulator.columns)]
        lines.append(masked("".join(cell.data for cell in cells)).rstrip())
        begin = 0
        for x in range(1, emulator.columns + 1):
            if x == emulator.columns or style_of(cells[x]) != style_of(cells[begin]):
                if style_of(cells[begin]):
                    styles.append(f"{y} {begin}-{x - 1} {style_of(cells[begin])}")
                begin = x
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join([*lines, "-- colours --", *styles, ""])


class Screens(Case):
    def setUp(self):
        self.folder = os.path.join(HOME, "ann")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)

    def start_sandbox(self, *arguments):
        sandbox = Sandbox("--port", str(PORT), *arguments)
        self.addCleanup(sandbox.stop)
        self.assertEqual(sandbox.port, PORT)
        self.tool_here = Tool(self.folder, sandbox.url)
        self.tool_here.environment.update(LANG="C.UTF-8", NO_COLOR="")
        del self.tool_here.environment["XDG_STATE_HOME"]
        self.tool_here.store = os.path.join(self.folder, ".local/state/ecoauth")
        return sandbox

    def show(self, *arguments, columns, rows=30):
        return Terminal(self.tool_here, *arguments, columns=columns, rows=rows, NO_COLOR="", LANG="C.UTF-8")

    def compare(self, terminal, name):
        path = os.path.join(SCREENS, f"{name}-{terminal.emulator.columns}.txt")
        seen = rendering(terminal.emulator)
        if os.environ.get("ECOAUTH_WRITE_SCREENS"):
            with open(path, "w", encoding="utf-8") as file:
                file.write(seen)
        with open(path, encoding="utf-8") as file:
            golden = file.read()
        difference = "\n".join(difflib.unified_diff(golden.splitlines(), seen.splitlines(), name, "seen", lineterm=""))
        self.assertEqual(golden, seen, "\n" + difference)

    def both(self, scenario):
        for columns in (80, 120):
            with self.subTest(columns=columns):
                scenario(columns)
            self.doCleanups()
            self.setUp()

    def ended(self, terminal, exit_code, name):
        self.assertEqual(terminal.end(), exit_code, terminal.text)
        self.compare(terminal, name)

    def test_login(self):
        def scenario(columns):
            sandbox = self.start_sandbox()
            terminal = self.show("login", columns=columns)
            terminal.until(r"approval, 14:5\d left")
            self.compare(terminal, "login-waiting")
            sandbox.approve()
            self.ended(terminal, 0, "login-done")
        self.both(scenario)

    def test_login_nearly_expired(self):
        def scenario(columns):
            self.start_sandbox("--pin-seconds", "61")
            terminal = self.show("login", "--no-qr", columns=columns)
            terminal.until(r"approval, 0:5\d left")
            self.compare(terminal, "login-nearly-expired")
            os.kill(terminal.pid, signal.SIGINT)
            self.assertEqual(terminal.end(), 130)
        self.both(scenario)

    def test_login_declined(self):
        def scenario(columns):
            sandbox = self.start_sandbox()
            terminal = self.show("login", "--no-qr", columns=columns)
            sandbox.control("decline", pin=sandbox.waiting_pin())
            self.ended(terminal, 6, "login-declined")
        self.both(scenario)

    def test_status_accounts_doctor(self):
        def scenario(columns):
            sandbox = self.start_sandbox()
            tool = self.tool_here
            self.login(tool, sandbox, "--account", "cabin", "--scope", "smartWrite")
            self.login(tool, sandbox)
            waiting = tool.start("login", "--account", "boat")
            tool.read_pin(waiting)
            waiting.terminate()
            tool.end(waiting)
            self.ended(self.show("status", columns=columns), 0, "status")
            self.ended(self.show("doctor", columns=columns), 0, "doctor")
            self.ended(self.show("accounts", columns=columns), 0, "accounts")
            sandbox.stop()
            os.chmod(tool.store, 0o755)
            self.ended(self.show("doctor", columns=columns), 5, "doctor-trouble")
        self.both(scenario)


if __name__ == "__main__":
    main(side_by_side=1)  # they share the port
