"""A real sandbox server for one test: started on a free port in a folder of its own, ended by its process id.

    with SandboxProcess(program, "--profile", "legacy") as sandbox:
        answer = sandbox.request("GET", "/authorize", query={"response_type": "ecobeePin", ...})
        sandbox.control("approve", pin=answer.json()["ecobeePin"])

Standard library only.
"""
import atexit
import http.client
import json
import os
import select
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.parse

READY = "ecoauth-sandbox ready: "
# Generous: only a broken sandbox needs as long. A busy machine must not make a test fail.
PATIENCE_S = 30


def wait_for(condition, what, patience_s=PATIENCE_S):
    """The first true value of condition(); fails after a generous time."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {patience_s} s in vain for {what}")


class Answer:
    """An HTTP answer, read to its end."""

    def __init__(self, response):
        self.status, self.reason, self.headers = response.status, response.reason, response.headers
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"HTTP {self.status}\n{self.headers}{self.body[:2000]!r}"


class SandboxProcess:
    """Serves as soon as the constructor returns. `folder` is its working directory, made and removed when not given."""

    def __init__(self, program, *arguments, folder=None):
        self._own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="ecoauth-sandbox-")
        port = [] if "--port" in arguments else ["--port", "0"]
        self._command = [os.path.abspath(program), *port, *map(str, arguments)]
        self.process = None
        atexit.register(self.stop)  # for a test that fails before it can
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # --- Life ---------------------------------------------------------------------------------------------------------

    def start(self):
        """Starts it (again, after kill()) with the same arguments; the port may be another one."""
        self.errors_path = os.path.join(self.folder, "stderr")
        with open(self.errors_path, "ab") as errors:
            self.process = subprocess.Popen(self._command, cwd=self.folder,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        line = self.process.stdout.readline().decode() if readable else ""
        if not line.startswith(READY):
            self.kill()
            raise AssertionError(f"no ready line within {PATIENCE_S} s, but {line!r} and {self.errors()!r}")
        self.url = line[len(READY):].strip()
        address = urllib.parse.urlsplit(self.url)
        self.host, self.port = address.hostname, address.port

    @property
    def pid(self):
        return self.process.pid

    def errors(self):
        """What it has written to standard error."""
        with open(self.errors_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def end(self, signal_number=signal.SIGTERM):
        """Asks it to end; its exit code. Killed, and an error, when it does not."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the sandbox did not end within {PATIENCE_S} s of signal {signal_number}") from None
        finally:
            self.process.stdout.close()

    def kill(self):
        """Without a chance to clean up; start() may follow."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """Ends it if it still runs, and removes its folder. An error when it had ended by itself: it crashed."""
        try:
            if self.process and self.process.returncode is None:
                crashed = self.process.poll() is not None
                exit_code = self.end()
                if crashed:
                    raise AssertionError(f"the sandbox ended by itself with exit code {exit_code}: {self.errors()[-4000:]}")
        finally:
            atexit.unregister(self.stop)
            if self._own_folder:
                shutil.rmtree(self.folder, ignore_errors=True)

    # --- Requests -----------------------------------------------------------------------------------------------------

    def connect(self, ca_file=None, timeout_s=PATIENCE_S):
        """A connection of http.client; https trusts `ca_file` alone."""
        if self.url.startswith("https:"):
            context = ssl.create_default_context(cafile=ca_file)
            return http.client.HTTPSConnection(self.host, self.port, timeout=timeout_s, context=context)
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout_s)

    def request(self, method, path, query=None, form=None, headers=None, body=None, **connect):
        """One request on a connection of its own. `query` and `form` are dicts, or lists of pairs."""
        if query:
            path += "?" + urllib.parse.urlencode(query)
        headers = dict(headers or {})
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection = self.connect(**connect)
        try:
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def control(self, path, method="POST", **parameters):
        """A call of the control API that must succeed; its JSON."""
        style = {"form": parameters} if method == "POST" else {"query": parameters}
        answer = self.request(method, "/sandbox/" + path, **style)
        if answer.status != 200:
            raise AssertionError(f"{method} /sandbox/{path}: {answer!r}")
        return answer.json()

    def advance(self, seconds):
        """Moves its clock forward."""
        return self.control("clock", advance_s=seconds)

    def state(self):
        return self.control("state", "GET")

    def log(self, **parameters):
        """The requests so far, oldest first."""
        return self.control("log", "GET", **parameters)["requests"]

    def waiting_pin(self):
        """The PIN that waits for a decision, once there is one: somebody else asks for it."""
        return wait_for(lambda: [pin["pin"] for pin in self.state()["pins"] if pin["state"] == "waiting"],
                        "a waiting PIN")[-1]

    def approve(self):
        self.control("approve", pin=self.waiting_pin())
