"""The tool on a terminal of its own (a pty), and what a person sees there (pyte, a terminal emulator)."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's python3-pyte, also for a Python that is not Debian's
import pyte  # noqa: E402

from harness import PATIENCE_S  # noqa: E402


class Terminal:
    """Starts the tool in a session of its own. `environment` comes on top of the tool's."""

    def __init__(self, tool, *arguments, columns=80, rows=24, program=None, **environment):
        environment = {**tool.environment, "TERM": "xterm", "NO_COLOR": "1", **environment}
        program = program or tool.program
        self.emulator = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.emulator)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(program, [program, *arguments], environment)
        self.bytes = b""

    @property
    def text(self):
        """All that came, escape sequences included."""
        return self.bytes.decode()

    def read(self, patience_s):
        """Takes what comes; false when nothing more will."""
        if not select.select([self.fd], [], [], patience_s)[0]:
            return True
        try:
            piece = os.read(self.fd, 4096)
        except OSError:
            return False
        self.bytes += piece
        self._stream.feed(piece)
        return bool(piece)

    def until(self, pattern):
        """Reads until the pattern is there; the match."""
        end = time.monotonic() + PATIENCE_S
        while not (match := re.search(pattern, self.text)):
            assert time.monotonic() < end and self.read(0.5), f"no {pattern} in {self.text!r}"
        return match

    def type(self, text):
        os.write(self.fd, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        """Waits for the end, which must come; the exit code."""
        end = time.monotonic() + 3 * PATIENCE_S
        while self.read(1):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
        exit_code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.echoed_at_the_end = self.echoes()
        os.close(self.fd)
        return exit_code

    def screen(self):
        """The lines a person reads, without the empty ones below."""
        lines = [line.rstrip() for line in self.emulator.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines
