"""At a terminal: the countdown in one line, the client id typed unseen, Ctrl-C, and nothing that commands the terminal."""
import re
import time

from harness import CLIENT_ID, Case, main
from qr_reader import read_qr_codes
from relay import Relay
from terminal import Terminal


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

    def test_colours(self):
        sandbox = self.sandbox("--pin-seconds", "61")  # the countdown warns during the last minute
        tool = self.tool(sandbox)
        terminal = Terminal(tool, "login", NO_COLOR="")
        terminal.until(r"\x1b\[1mPIN: +\S+\x1b\[0m")
        terminal.until(r"\x1b\[33mWaiting for approval, 0:[1-5]\d left")
        sandbox.approve()
        self.assertEqual(terminal.end(), 0)
        terminal.until(r"\x1b\[32mAuthorized for smartRead.\x1b\[0m")
        for environment, coloured in (({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": "", "TERM": "dumb"}, False)):
            terminal = Terminal(tool, "status", **environment)
            self.assertEqual(terminal.end(), 0)
            self.assertEqual("\x1b[32mactive\x1b[0m" in terminal.text, coloured, terminal.text)
            self.assertEqual("\x1b" in terminal.text, coloured)
        tool.environment["TERM"] = "xterm"
        self.assertNotIn("\x1b", str(tool.run("status")))  # no terminal

    def qr_codes(self, *arguments, **options):
        """What the QR codes on the screen say, and what they should."""
        sandbox = self.sandbox()
        terminal = Terminal(self.tool(sandbox), "login", *arguments, **options)
        terminal.until("Waiting for approval" if "--quiet" not in arguments and options.get("TERM") != "dumb" else "Portal: .*\n")
        codes = read_qr_codes(terminal.emulator)
        screen = terminal.screen()
        terminal.type("\x03")
        self.assertEqual(terminal.end(), 130)
        return codes, [sandbox.url + "/consumerportal/index.html"], screen

    def test_qr_code(self):
        for environment in ({"LANG": "C.UTF-8"}, {"LC_ALL": "de_DE.utf8", "LANG": "C"}):
            for no_color in ("", "1"):
                with self.subTest(environment=environment, no_color=no_color):
                    codes, expected, screen = self.qr_codes(NO_COLOR=no_color, **environment)
                    self.assertEqual(codes, expected)
                    self.assertRegex(screen[0], "^PIN: ")  # nothing was scrolled away

    def test_no_qr_code_where_it_cannot_be_seen_or_is_not_wanted(self):
        utf8 = {"LANG": "C.UTF-8"}
        for arguments, options in (((), {}), ((), {"LANG": "C"}), ((), {"LC_ALL": "POSIX", **utf8}), (("--no-qr",), utf8),
                                   (("--quiet",), utf8), ((), {"columns": 33, **utf8}), ((), {"rows": 20, **utf8}),
                                   ((), {"TERM": "dumb", **utf8})):
            with self.subTest(arguments=arguments, options=options):
                codes, _, screen = self.qr_codes(*arguments, **options)
                self.assertEqual(codes, [])
                self.assertNotRegex("".join(screen), "[\u2580-\u259f]")

    def test_long_lines_break_between_words(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        for columns in (40, 80, 200):
            terminal = Terminal(tool, "status", columns=columns)
            self.assertEqual(terminal.end(), 3)
            self.assertLessEqual(max(map(len, terminal.text.splitlines())), max(columns, 15 + len(tool.store) + 5))
            words = " ".join(terminal.text.split())
            self.assertIn("(not encrypted; readable by this user only)", words)
            self.assertIn(f"file:{tool.store} ", words)  # never cut: it is there to be copied

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
