"""The README's examples word for word, and the programs of examples/."""

from __future__ import annotations

import ast
import pathlib
import re

import pytest
from conftest import ROOT, StartSandbox
from hosts import CLIENT_ID, finish, start_python

PYTHON = ROOT / "bindings" / "python"
README = re.findall(r"^```python\n(.*?)^```$", (PYTHON / "README.md").read_text(encoding="ascii"), re.S | re.M)
EXAMPLES = sorted((PYTHON / "examples").glob("*.py"))


def run(code: str, start_sandbox: StartSandbox, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> str:
    sandbox = start_sandbox("--auto-approve", "0")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ECOAUTH_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("ECOAUTH_SERVER", sandbox.url)
    return finish(start_python(code))


def test_readme(start_sandbox: StartSandbox, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(README) == 2
    assert re.fullmatch(r"Enter \S{9} at http://127\.0\.0\.1:\d+/consumerportal/index\.html\n\{.*'thermostatCount'.*\}\n",
                        run(README[0], start_sandbox, tmp_path, monkeypatch))


def test_readme_with_asyncio(start_sandbox: StartSandbox, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(r"Enter \S{9}\nvalid for 3[56]\d\d s\n", run(README[1], start_sandbox, tmp_path, monkeypatch))


def test_examples(start_sandbox: StartSandbox, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = start_sandbox("--auto-approve", "0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ECOAUTH_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("ECOAUTH_SERVER", sandbox.url)
    expected = {"login.py": "thermostatCount", "with_asyncio.py": "authorized for", "with_requests.py": "thermostatCount"}
    assert [path.name for path in EXAMPLES] == sorted(expected)
    for path in EXAMPLES:  # with_requests.py uses the grant that login.py has stored
        assert expected[path.name] in finish(start_python(path.read_text(encoding="ascii").replace("__name__ ==", '"__main__" ==')))


def test_the_package_is_python_3_9() -> None:
    sources = sorted((PYTHON / "src" / "ecoauth").glob("*.py"))
    assert len(sources) > 8
    for path in sources:
        ast.parse(path.read_text(encoding="ascii"), str(path), feature_version=(3, 9))
