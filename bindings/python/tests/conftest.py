"""A sandbox per test, and the steps of ../../scenario.json that tests name: printed when all tests of a step have passed."""

from __future__ import annotations

import os
import pathlib
import sys
from typing import Any, Callable, Dict, Iterator, List

import pytest

#: Where the project lies: these tests also run from a copy beside an installed wheel.
ROOT = pathlib.Path(os.environ.get("ECOAUTH_SOURCE") or pathlib.Path(__file__).resolve().parents[3])
sys.path.insert(0, str(ROOT / "tests" / "support"))

from sandbox_process import SandboxProcess  # noqa: E402

StartSandbox = Callable[..., Any]
_steps: Dict[str, List[bool]] = {}


@pytest.fixture
def start_sandbox() -> Iterator[StartSandbox]:
    """Starts a sandbox with these arguments; it ends with the test."""
    started: List[Any] = []

    def start(*arguments: str) -> Any:
        started.append(SandboxProcess(os.environ["ECOAUTH_SANDBOX"], "--interval", "1", *arguments))
        return started[-1]

    yield start
    for sandbox in started:
        sandbox.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome: Any = yield
    report = outcome.get_result()
    for marker in item.iter_markers("scenario"):
        for step in marker.args:
            if report.when == "call" or report.outcome != "passed":
                _steps.setdefault(step, []).append(report.outcome == "passed")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "scenario(*steps): proves these steps of ../../scenario.json")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.write_line("")
    for step, results in _steps.items():
        if all(results):
            terminalreporter.write_line(f"scenario {step}: passed")
