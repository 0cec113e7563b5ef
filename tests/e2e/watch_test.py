"""ecoauth watch: keeps fresh, tells what happens, ends when asked to."""
import json
import select
import signal

from harness import PATIENCE_S, Case, main
from terminal import Terminal


class Watch(Case):
    def watch(self, tool, *arguments):
        process = tool.start("watch", *arguments)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def lines(self, process, kind):
        """Reads objects until one is of this kind; all of them."""
        found = []
        while True:
            ready, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
            line = process.stdout.readline() if ready else b""
            self.assertTrue(line, f"no {kind} after {found}")
            found.append(json.loads(line))
            if found[-1]["type"] == kind:
                return found

    def test_refreshes_by_itself(self):
        sandbox = self.sandbox("--access-seconds", "8")
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        process = self.watch(tool, "--json")
        begin = self.lines(process, "watching")[0]
        self.assertEqual((begin["account"], begin["state"], begin["server"]), ("default", "ACTIVE", sandbox.url))
        generation = begin["generation"]
        for _ in range(2):
            token = self.lines(process, "token")[-1]
            self.assertGreater(token["generation"], generation)
            self.assertGreater(token["token_valid_ms"], 4000)
            self.assertRegex(token["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
            generation = token["generation"]
        process.send_signal(signal.SIGTERM)
        run = self.expect(tool.end(process), 0, "Ended")
        self.assertNotIn("access_token", run.out + run.err)
        self.assertGreaterEqual(tool.run("status", "--json").object("status")["generation"], generation)

    def test_trouble_is_told(self):
        sandbox = self.sandbox("--access-seconds", "8")
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        process = self.watch(tool, "--json")
        self.lines(process, "watching")
        sandbox.control("fault", name="http_status", status=503, count=1, at="token")
        state = next(line for line in self.lines(process, "token") if line["type"] == "state" and line["error"])
        self.assertEqual(state["error"]["code"], "SERVER")
        process.send_signal(signal.SIGINT)
        self.expect(tool.end(process), 0)

    def test_trouble_is_told_once(self):
        sandbox = self.sandbox("--access-seconds", "8")
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        sandbox.control("fault", name="http_status", status=503, count=2, at="token")
        process = self.watch(tool)
        told = b""
        while b"new tokens" not in told:
            self.assertTrue(select.select([process.stdout], [], [], PATIENCE_S)[0], told)
            told += process.stdout.readline()
        sandbox.control("revoke", all="true")
        while b"what to do" not in told:
            self.assertTrue(select.select([process.stdout], [], [], PATIENCE_S)[0], told)
            told += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        told += self.expect(tool.end(process), 0).out.encode()
        for words in (b"HTTP 503", b"never came", b"grant suspect", b"refused the stored grant", b"what to do"):
            self.assertEqual(told.count(words), 1, told.decode())

    def test_nothing_to_watch(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.expect_failure(tool.run("watch"), 3, "ecoauth login")

    def test_on_a_terminal(self):
        sandbox = self.sandbox("--access-seconds", "8")
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        terminal = Terminal(tool, "watch")
        terminal.until(r"Access token valid for \d+:\d\d \(Ctrl-C ends\)")
        terminal.until(r"new tokens, generation 2, valid for \d s")
        terminal.type("\x03")
        self.assertEqual(terminal.end(), 0)
        screen = terminal.screen()
        self.assertRegex(screen[0], r'^\d\d:\d\d:\d\d  watching "default" at http://127.0.0.1:\d+; grant active$')
        self.assertEqual(screen[-1], "Ended. The tokens are saved.")
        self.assertFalse([line for line in screen if "Ctrl-C" in line])

    def test_signed_out_elsewhere(self):
        """Noticed with the next refresh."""
        sandbox = self.sandbox("--access-seconds", "8")
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        process = self.watch(tool)
        self.assertTrue(select.select([process.stdout], [], [], PATIENCE_S)[0])
        self.expect(tool.run("logout"), 0)
        self.expect_failure(tool.end(process), 3, "signed out")


if __name__ == "__main__":
    main()
