"""Defects put into the library on purpose, one at a time, to see whether the tests notice: the tables beside this file."""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TABLES = ["storage", "protocol"]
PATIENCE_S = 60  # beside ten times what the program needs undamaged: only a program that hangs meets it
running = set()  # the numbers of the process groups that are under way
FAILURE = re.compile(r'error: in "([^"]+)"')  # what Boost.Test says; also of a crash, which it takes for a failure of the case


class Unusable(Exception):
    """The tables or the build do not fit the sources: nothing can be said about the tests."""


class Defect:
    """An entry of a table."""

    def __init__(self, table, line, name, what):
        self.table, self.line, self.name, self.what = table, line, name, what
        self.fields, self.old, self.new = {}, [], []

    @property
    def stands_for(self):
        return self.fields["stands for"]

    @property
    def checks(self):
        """Test programs, each with ":" and the suite in it that must notice."""
        return self.fields["caught by"].split()

    @property
    def source(self):
        return ROOT / "src" / self.fields["file"]

    def text(self):
        """The damaged source."""
        whole = self.source.read_text(encoding="ascii") if self.source.is_file() else ""
        old, new = "\n".join(self.old), "\n".join(self.new)
        found = whole.count(old)
        if found != 1:
            raise Unusable(f"{self.table}.defects:{self.line}: {self.name}: its text is in src/{self.fields['file']} "
                           f"{found} times, not once: bring the table up to date")
        return whole.replace(old, new)


def read_table(table):
    """README.md says what a table looks like."""
    defects = []
    for number, line in enumerate((HERE / f"{table}.defects").read_text(encoding="ascii").splitlines(), 1):
        head = re.fullmatch(r"\[([a-z0-9-]+)\] (.+)", line)
        field = re.fullmatch(r"(stands for|file|caught by): (.+)", line)
        if head:
            defects.append(Defect(table, number, *head.groups()))
        elif not line or line.startswith("#"):
            continue
        elif defects and field and field[1] not in defects[-1].fields:
            defects[-1].fields[field[1]] = field[2]
        elif defects and line[0] in "-+":
            (defects[-1].old if line[0] == "-" else defects[-1].new).append(line[1:])
        else:
            raise Unusable(f"{table}.defects:{number}: not understood: {line}")
    return defects


def read_tables():
    """All defects; Unusable when one does not fit the sources any more."""
    defects = [defect for table in TABLES for defect in read_table(table)]
    names, stale = set(), []
    for defect in defects:
        if len(defect.fields) != 3 or not defect.old or defect.old == defect.new or defect.name in names:
            raise Unusable(f"{defect.table}.defects:{defect.line}: {defect.name}: incomplete, without effect, or there twice")
        names.add(defect.name)
        try:
            defect.text()
        except Unusable as unusable:
            stale.append(str(unusable))
    if stale:
        raise Unusable("\n".join(stale))
    return defects


class Ran:
    """What a test program did. `how`: "passed", "failed" or "hung"; `case` is the first one that failed."""

    def __init__(self, how, case, took_s, said):
        self.how, self.case, self.took_s, self.said = how, case, took_s, said


def run_program(command, suite, environment, limit_s, folder):
    """Runs a suite of a test program until it ends or a first case has failed."""
    began = time.monotonic()
    temporary = pathlib.Path(tempfile.mkdtemp(prefix="run.", dir=folder))
    os.chmod(temporary, 0o711)
    process = subprocess.Popen([*command, f"--run_test={suite}", "--color_output=no", "--log_sink=stderr"], cwd=temporary,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               errors="replace", start_new_session=True,
                               env={**os.environ, **environment, "TMPDIR": str(temporary)})
    running.add(process.pid)
    hung = threading.Event()
    timer = threading.Timer(limit_s, lambda: (hung.set(), os.killpg(process.pid, signal.SIGKILL)))
    timer.start()
    said, case = [], None
    try:
        for line in process.stderr:
            said.append(line)
            failure = FAILURE.search(line)
            if failure:
                case = failure[1]
                break
        else:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    finally:
        timer.cancel()
        running.discard(process.pid)
        os.killpg(process.pid, signal.SIGKILL)  # with what it has started; while it is not waited for, the number is its own
        code = process.wait()
        process.stderr.close()
        shutil.rmtree(temporary, ignore_errors=True)
    how = "failed" if case else "hung" if hung.is_set() else "failed" if code else "passed"
    return Ran(how, case or f"exit code {code}", time.monotonic() - began, "".join(said[-20:]))


class Bench:
    """A build, and a folder where damaged copies are made. `wrapper`: words before the commands of the tests."""

    def __init__(self, build, wrapper=()):
        self.build, self.wrapper = pathlib.Path(build).resolve(), wrapper
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ecoauth-mutants."))
        os.chmod(self.folder, 0o711)  # some tests become other users
        self.tests = {test["name"]: test for test in self._load("meson-info/intro-tests.json")}
        self.compilations = {(self.build / entry["file"]).resolve(): entry for entry in self._load("compile_commands.json")}
        self.undamaged = {}    # programs
        self.undamaged_s = {}  # checks

    def _load(self, name):
        try:
            return json.loads((self.build / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise Unusable(f"{self.build} is no build folder: it has no {name}") from None

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, name):
        if name not in self.tests:
            raise Unusable(f"{self.build} has no test {name}")
        path = pathlib.Path(self.tests[name]["cmd"][0])
        if not path.is_file():
            raise Unusable(f"{path} has not been built")
        return path

    def run_undamaged(self, check, defects):
        """Only what passes can say something by failing: built like the damaged ones, from the source as it is."""
        name, _, suite = check.partition(":")
        if name not in self.undamaged:
            path = self.program(name)
            involved = [defect for defect in defects if name in [other.partition(":")[0] for other in defect.checks]]
            for defect in involved:
                if defect.source.stat().st_mtime > path.stat().st_mtime:
                    raise Unusable(f"{path} is older than src/{defect.fields['file']}: build first")
            whole = self.compile(involved[0], "undamaged-" + name.replace("/", "-"), involved[0].source.read_text(encoding="ascii"))
            self.undamaged[name] = self.link(whole, name)
        test = self.tests[name]
        ran = run_program([*self.wrapper, self.undamaged[name], *test["cmd"][1:]], suite, test["env"], 600, self.folder)
        if ran.how != "passed":
            raise Unusable(f"{check} {ran.how} without any defect: {ran.case}\n{ran.said}")
        self.undamaged_s[check] = ran.took_s
        return ran.took_s

    def _do(self, command, folder, doing):
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise Unusable(f"{doing}: {shlex.join(command)}\n{done.stdout}")

    def compile(self, defect, into, text):
        """A source as the build would compile it, but quickly and without debug information."""
        entry = self.compilations.get(defect.source)
        if entry is None:
            raise Unusable(f"{defect.name}: the build does not compile src/{defect.fields['file']}")
        folder = self.folder / into
        folder.mkdir()
        # The same path in every run, so that a compiler cache knows it again.
        (folder / defect.source.name).write_text(text, encoding="ascii")
        kept, words = [], iter(shlex.split(entry["command"]))
        for word in words:
            if word in ("-MQ", "-MF", "-o", "-c"):
                next(words)
            elif word.startswith("-I"):
                kept.append("-I" + str((self.build / word[2:]).resolve()))
            elif word != "-MD":
                kept.append(word)
        self._do([*kept, "-O1", "-g0", "-w", "-o", "compiled.o", "-c", defect.source.name], folder, f"{into} does not compile")
        return folder / "compiled.o"

    def link(self, compiled, name):
        """The test program with an object before the libraries, whose own one is then not taken."""
        target = str(self.program(name).relative_to(self.build))
        commands = subprocess.run(["ninja", "-C", str(self.build), "-t", "commands", "-s", target],
                                  stdout=subprocess.PIPE, text=True, check=True).stdout
        words = shlex.split(commands.splitlines()[-1])
        out = str(compiled.parent / name.replace("/", "-"))
        at = words.index("-o")
        self._do([*words[:at], "-Wl,--strip-debug", "-o", out, str(compiled), *words[at + 2:]], self.build, f"{out} cannot be linked")
        return out

    def try_out(self, defect):
        """[(check, Ran)] of all that must catch it."""
        damaged = self.compile(defect, defect.name, defect.text())
        found = []
        for check in defect.checks:
            name, _, suite = check.partition(":")
            test, limit_s = self.tests[name], PATIENCE_S + 10 * self.undamaged_s[check]
            command = [*self.wrapper, self.link(damaged, name), *test["cmd"][1:]]
            found.append((check, run_program(command, suite, test["env"], limit_s, self.folder)))
        shutil.rmtree(damaged.parent)
        return found


class Verdicts:
    """What became of each defect: [(defect, [(check, Ran)])], and how long the checks took undamaged."""

    def __init__(self, found, undamaged_s):
        self.found, self.undamaged_s = found, undamaged_s

    @property
    def survivors(self):
        return [(defect, check) for defect, runs in self.found for check, ran in runs if ran.how == "passed"]

    def summary(self):
        survived = {defect.name for defect, _ in self.survivors}
        return f"{len(self.found)} defects, {len(self.found) - len(survived)} caught"


def line_of(defect, runs):
    def told(check, ran):
        if ran.how == "passed":
            return f"NOT CAUGHT by {check}"
        return f"caught by {check}: {'time-out, it hung' if ran.how == 'hung' else ran.case} ({ran.took_s:.1f} s)"
    return f"{defect.name}: " + "; ".join(told(check, ran) for check, ran in runs)


def end_early(number, _):
    """For signals: takes along what is under way."""
    for group in list(running):
        os.killpg(group, signal.SIGKILL)
    sys.exit(128 + number)


def run_all(build, defects, jobs, tell=print, wrapper=()):
    """Runs what must notice them without any defect, then tries out all defects; tells a line for each."""
    bench = Bench(build, wrapper)
    try:
        for check in sorted({check for defect in defects for check in defect.checks}):
            tell(f"{check}: passes undamaged ({bench.run_undamaged(check, defects):.1f} s)")
        found = []
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            try:
                for defect, runs in zip(defects, pool.map(bench.try_out, defects)):
                    found.append((defect, runs))
                    tell(line_of(defect, runs))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return Verdicts(found, bench.undamaged_s)
    finally:
        bench.remove()
