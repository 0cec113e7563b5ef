"""At a terminal: the countdown in one line, the client id typed unseen, Ctrl-C, and nothing that commands the terminal."""
import os
import pty
import re
import select
import termios
import time

from harness import CLIENT_ID, ECOAUTH, PATIENCE_S, Case, main
from relay import Relay


class Terminal:
    """The tool in a session of its own, on a terminal of its own."""

    def __init__(self, tool, *arguments):
        environment = {**tool.environment, "TERM": "xterm"}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(ECOAUTH, [ECOAUTH, *arguments], environment)
        self.text = ""

    def read(self, patience_s):
        """Takes what comes; false when nothing more will."""
        if not select.select([self.fd], [], [], patience_s)[0]:
            return True
        try:
            piece = os.read(self.fd, 4096)
        except OSError:
            return False
        self.text += piece.decode()
        return bool(piece)

    def until(self, pattern):
        end = time.monotonic() + PATIENCE_S
        while not (match := re.search(pattern, self.text)):
            assert time.monotonic() < end and self.read(0.5), f"no {pattern} in {self.text!r}"
        return match

    def type(self, text):
        os.write(self.fd, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        while self.read(PATIENCE_S):
            pass
        exit_code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.echoed_at_the_end = self.echoes()
        os.close(self.fd)
        return exit_code

    def screen(self):
        """The lines that remain to be read, for a terminal that knows carriage return and "clear to the end of the line"."""
        lines, column, line = [], 0, ""
        for part in re.split(r"(\r\n|\n|\r|\x1b\[K)", self.text):
            if part in ("\r\n", "\n"):
                lines.append(line.rstrip())
                column, line = 0, ""
            elif part == "\r":
                column = 0
            elif part == "\x1b[K":
                line = line[:column]
            else:
                line = line[:column] + part + line[column + len(part):]
                column += len(part)
        return lines + [line.rstrip()]


class AtATerminal(Case):
    def test_countdown(self):
        sandbox = self.sandbox()
        terminal = Terminal(self.tool(sandbox), "login")
        terminal.until(r"PIN: +\S+")
        first = terminal.until(r"\r\x1b\[KWaiting for approval, (14:5\d|15:00) left")[1]
        terminal.until(rf"(?s)approval, {first}.*\r\x1b\[KWaiting for approval, (?!{first})14:\d\d left")
        self.assertLessEqual(len([line for line in terminal.screen() if "Waiting" in line]), 1)
        sandbox.approve()
        self.assertEqual(terminal.end(), 0)
        screen = terminal.screen()
        self.assertEqual([line for line in screen if "Waiting" in line], [], "the countdown is gone at the end")
        self.assertIn("Authorized for smartRead.", screen)
        self.assertEqual(set(re.findall(r"\x1b\S?\S?", terminal.text)), {"\x1b[K"})

    def test_quiet_has_no_countdown(self):
        sandbox = self.sandbox()
        terminal = Terminal(self.tool(sandbox), "login", "--quiet")
        terminal.until(r"Portal: \S+")
        sandbox.approve()
        self.assertEqual(terminal.end(), 0)
        self.assertNotIn("Waiting", terminal.text)

    def test_ctrl_c(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        terminal = Terminal(tool, "login")
        terminal.until("Waiting for approval")
        begin = time.monotonic()
        terminal.type("\x03")
        self.assertEqual(terminal.end(), 130)
        self.assertLess(time.monotonic() - begin, 5)
        pin = terminal.until(r"PIN: +(\S+)")[1]
        self.assertRegex("\n".join(terminal.screen()),
                         r"interrupted\nWhat to do: The PIN stays valid for another 14 min \d+ s\.")
        sandbox.control("approve", pin=pin)
        again = Terminal(tool, "login")
        self.assertEqual(again.end(), 0)
        self.assertIn(pin, again.text)

    def test_client_id_is_asked_for_and_not_shown(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox, client_id=None)
        terminal = Terminal(tool, "login")
        terminal.until("Client id")
        self.assertFalse(terminal.echoes())
        terminal.type(CLIENT_ID + "\n")
        terminal.until("Waiting for approval")
        self.assertTrue(terminal.echoes())
        self.assertNotIn(CLIENT_ID, terminal.text)
        sandbox.approve()
        self.assertEqual(terminal.end(), 0)
        self.expect(tool.run("token"), 0)
        again = Terminal(tool, "login")  # the store knows it now
        again.until(r"PIN: +\S+")
        again.type("\x03")
        self.assertEqual(again.end(), 130)
        self.assertNotIn("Client id", again.text)

    def test_ctrl_c_at_the_prompt(self):
        tool = self.tool(client_id=None)
        for keys, exit_code in (("abc\x03", 130), ("\n", 2), ("\x04", 2), ("two words\n", 2)):
            with self.subTest(keys=keys):
                terminal = Terminal(tool, "login", "--server", "http://127.0.0.1:1")
                terminal.until("Client id")
                terminal.type(keys)
                self.assertEqual(terminal.end(), exit_code, terminal.text)
                self.assertTrue(terminal.echoed_at_the_end)
                for typed in ("abc", "two words"):
                    self.assertNotIn(typed, terminal.text)
        self.assertEqual(tool.files(), {})

    def test_other_commands_do_not_ask(self):
        for command in ("token", "refresh", "status", "logout"):
            terminal = Terminal(self.tool(client_id=None), command, "--server", "http://127.0.0.1:1")
            self.assertEqual(terminal.end(), 0 if command == "logout" else 3, terminal.text)
            self.assertNotIn("Client id (", terminal.text)

    def test_answers_cannot_command_the_terminal(self):
        sandbox = self.sandbox()
        relay = Relay(sandbox.url, to_client=[(b'"Sandbox"', b'"\x1b]0;x\x07A"'),
                                              (b'"athenaSmart"', b'"\xc2\x9b2J\xe2\x80\xae\xff\xfe\x08\r"')])
        self.addCleanup(relay.close)
        tool = self.tool(sandbox)
        tool.environment["ECOAUTH_SERVER"] = relay.url
        self.login(tool, sandbox)
        terminal = Terminal(tool, "request", "GET", "/1/thermostat")
        self.assertEqual(terminal.end(), 0)
        self.assertIn('"?]0;x?A"', terminal.text)
        self.assertIn('"?2J?????"', terminal.text)
        self.assertRegex(terminal.text, r"^[\r\n\x20-\x7e]*$")
        self.assertIn(b'"\x1b]0;x\x07A"', bytes(relay.received))


if __name__ == "__main__":
    main()
