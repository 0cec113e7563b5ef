"""What the tests share."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import threading
from typing import Any, Dict, Iterable, List, Optional, Set, Tuple

import ecoauth

CLIENT_ID = "PythonTestPythonTestPythonTest32"
SUMMARY = ('/1/thermostatSummary?json=%7B%22selection%22%3A%7B%22selectionType%22%3A%22registered%22%2C'
           '%22selectionMatch%22%3A%22%22%7D%7D')
TESTS = pathlib.Path(__file__).resolve().parent


def options(sandbox: Any, **more: Any) -> Dict[str, Any]:
    return {"client_id": CLIENT_ID, "base_url": sandbox.url, **more}


class MapStore(ecoauth.Store):
    """A dictionary, which remembers who called it."""

    def __init__(self) -> None:
        self.records: Dict[str, Tuple[int, bytes]] = {}
        self.threads: Set[int] = set()
        self.broken: Optional[BaseException] = None

    def _begin(self) -> None:
        self.threads.add(threading.get_ident())
        if self.broken is not None:
            raise self.broken

    def load(self, key: str) -> Optional[bytes]:
        self._begin()
        return self.records[key][1] if key in self.records else None

    def save(self, key: str, expected_seq: int, record: bytes, new_seq: int) -> bool:
        self._begin()
        if self.records.get(key, (0, b""))[0] != expected_seq:
            return False
        self.records[key] = (new_seq, record)
        return True

    def erase(self, key: str) -> None:
        self._begin()
        self.records.pop(key, None)

    def list(self) -> Iterable[str]:
        self._begin()
        return list(self.records)


class Pins:
    """An `on_pin` that can be waited for."""

    def __init__(self) -> None:
        self.shown: List[ecoauth.Pin] = []
        self._changed = threading.Condition()

    def __call__(self, pin: ecoauth.Pin) -> None:
        with self._changed:
            self.shown.append(pin)
            self._changed.notify_all()

    def wait(self, count: int = 1) -> ecoauth.Pin:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.shown) >= count, 30)
            return self.shown[count - 1]


def start_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """A Python process of its own, with the package that is under test."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process: subprocess.Popen[str], timeout: float = 60) -> str:
    """What it printed; it must have ended by itself with success."""
    try:
        said, _ = process.communicate(timeout=timeout)
    finally:
        process.kill()
    assert process.returncode == 0, f"exit code {process.returncode}: {said}"
    return said
