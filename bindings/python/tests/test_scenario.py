"""The steps of ../../scenario.json with the client for threads."""

from __future__ import annotations

import os
import pathlib
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import List
from urllib.parse import parse_qsl, urlsplit

import pytest
from conftest import StartSandbox
from hosts import SUMMARY, MapStore, Pins, finish, options, start_python

import ecoauth


@pytest.mark.scenario("pin", "progress", "approve")
def test_pin_progress_approve(start_sandbox: StartSandbox) -> None:
    sandbox, pins = start_sandbox(), Pins()
    progress: List[ecoauth.Event] = []
    came = threading.Event()

    def on_event(event: ecoauth.Event) -> None:
        if event.kind == ecoauth.EventKind.PROGRESS:
            progress.append(event)
            came.set()

    with ecoauth.Client(ecoauth.MemoryStore(), on_pin=pins, on_event=on_event, **options(sandbox)) as client, \
            ThreadPoolExecutor() as pool:
        account = client.account()
        authorization = pool.submit(account.authorize_pin)
        pin = pins.wait()
        assert re.fullmatch(r"[A-Z0-9]{4}-[A-Z0-9]{4}", pin.pin)
        assert pin.verification_url.endswith("/consumerportal/index.html")
        assert 0 < pin.remaining <= 900
        assert pin.scope == "smartRead" and pin.account == "default"
        assert pin.pin not in repr(pin)
        assert came.wait(30)
        assert 0 < progress[0].remaining < pin.remaining
        sandbox.control("approve", pin=pin.pin)
        authorization.result(30)
        status = account.status()
        assert status.state == ecoauth.GrantState.ACTIVE
        assert status.generation == account.generation == 1
        assert status.scope_satisfied is True
        assert status.store == "memory" and status.flags == ecoauth.Flag(0)
        assert account.last_error() is None


@pytest.mark.scenario("token", "refresh")
def test_token_and_refresh(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox("--auto-approve", "0")
    with ecoauth.Client(ecoauth.MemoryStore(), **options(sandbox)) as client, client.account() as account:
        assert account.token_in_memory() is None and account.generation == 0
        with pytest.raises(ecoauth.ReauthorizeError) as none:
            account.token()
        assert none.value.code == ecoauth.Code.NEEDS_AUTHORIZATION and none.value.advice
        account.authorize_pin(30)
        token = account.token()
        assert token.access_token and token.authorization_header == "Bearer " + token.access_token
        assert token.generation == 1 and 3500 < token.valid_for <= 3600 and token.saved
        assert token.access_token not in repr(token) and token.access_token not in str(token)
        assert account.token_in_memory() == token.access_token

        account.refresh()
        second = account.token()
        assert second.generation == 2 and second.access_token != token.access_token
        assert account.report_rejected(token.generation) is False
        with pytest.raises(ecoauth.RetryError) as limited:
            account.refresh()
        assert limited.value.name == "RATE_LIMITED" and limited.value.action == ecoauth.Action.RETRY
        assert limited.value.retry_after > 0
        assert account.sign_out() is True
        assert account.sign_out() is False


@pytest.mark.scenario("request")
def test_request_with_a_refusal_in_the_middle(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox("--auto-approve", "0")
    with ecoauth.Client(ecoauth.MemoryStore(), **options(sandbox)) as client:
        account = client.account()
        account.authorize_pin(30)
        first = account.request("GET", SUMMARY)
        assert (first.http_status, first.api_status) == (200, 0)
        assert "thermostatCount" in first.json()
        sandbox.control("expire", what="access")
        second = account.request("GET", SUMMARY)
        assert (second.http_status, second.api_status) == (200, 0)
        assert account.generation == 2
        assert len([each for each in sandbox.log() if each["path"].startswith("/1/thermostatSummary")]) == 3
        posted = account.request("POST", "/1/thermostat?format=json", '{"selection": {}}', content_type="application/json")
        assert posted.http_status > 0
        third = account.request("GET", SUMMARY, headers={"X-One": "1", "X-Two": "2"}, max_response_bytes=1 << 20)
        assert third.json() == first.json()
        with pytest.raises(ecoauth.ConfigError, match="larger than the 5 bytes"):
            account.request("GET", SUMMARY, max_response_bytes=5)
        for headers in ({"Authorization": "mine"}, {"X-One": "1\nX-Two: 2"}, {"X-One": "1\r"}, {"X-One": "\0"}):
            with pytest.raises(ecoauth.EcoauthError) as refused:
                account.request("GET", SUMMARY, headers=headers)
            assert refused.value.code == ecoauth.Code.INVALID_ARGUMENT


@pytest.mark.scenario("cancel")
def test_cancel(start_sandbox: StartSandbox) -> None:
    """Ctrl-C in the thread that waits, and a time-out, end the operation."""
    sandbox, pins = start_sandbox(), Pins()
    interrupted = 0.0

    def interrupt() -> None:
        nonlocal interrupted
        pins.wait()
        interrupted = time.monotonic()
        os.kill(os.getpid(), signal.SIGINT)

    with ecoauth.Client(ecoauth.MemoryStore(), on_pin=pins, **options(sandbox)) as client, ThreadPoolExecutor() as pool:
        account = client.account()
        other = threading.Thread(target=interrupt)
        other.start()
        with pytest.raises(KeyboardInterrupt):
            account.authorize_pin()
        assert time.monotonic() - interrupted < 1
        other.join()
        with pytest.raises(TimeoutError) as over:
            account.authorize_pin(0.2)
        assert isinstance(over.value, ecoauth.TimedOut)
        authorization = pool.submit(account.authorize_pin)
        assert pins.wait(3).pin == pins.shown[0].pin
        sandbox.control("approve", pin=pins.shown[0].pin)
        authorization.result(30)


@pytest.mark.scenario("expired")
def test_expired(start_sandbox: StartSandbox) -> None:
    sandbox, pins = start_sandbox("--expired-as", "authorization_expired"), Pins()
    with ecoauth.Client(ecoauth.MemoryStore(), on_pin=pins, **options(sandbox)) as client, ThreadPoolExecutor() as pool:
        authorization = pool.submit(client.account().authorize_pin)
        pins.wait()
        sandbox.control("expire", what="pin")
        with pytest.raises(ecoauth.ReauthorizeError) as expired:
            authorization.result(30)
        assert expired.value.code == ecoauth.Code.PIN_EXPIRED


@pytest.mark.scenario("declined")
def test_declined(start_sandbox: StartSandbox) -> None:
    sandbox, pins = start_sandbox(), Pins()
    with ecoauth.Client(ecoauth.MemoryStore(), on_pin=pins, **options(sandbox)) as client, ThreadPoolExecutor() as pool:
        authorization = pool.submit(client.account().authorize_pin)
        sandbox.control("decline", pin=pins.wait().pin)
        with pytest.raises(ecoauth.ReauthorizeError) as declined:
            authorization.result(30)
        assert declined.value.code == ecoauth.Code.DECLINED and declined.value.oauth_error == "access_denied"


@pytest.mark.scenario("own-store")
def test_store_of_ones_own(start_sandbox: StartSandbox) -> None:
    sandbox, store = start_sandbox("--auto-approve", "0"), MapStore()
    with ecoauth.Client(store, **options(sandbox)) as client:
        account = client.account()
        account.authorize_pin(30)
        account.refresh()
        assert account.status().store == "callbacks"
        if ecoauth.has_feature("accounts"):
            assert client.accounts() == ["default"]
        client.quiesce(5)
    assert store.records and threading.get_ident() not in store.threads
    with ecoauth.Client(store, **options(sandbox)) as client:
        assert client.account().token().generation == 2


REQUESTER = """
import sys, ecoauth
from hosts import CLIENT_ID, SUMMARY
with ecoauth.Client(ecoauth.FileStore(sys.argv[2]), client_id=CLIENT_ID, base_url=sys.argv[1]) as client:
    response = client.account().request("GET", SUMMARY)
    assert (response.http_status, response.api_status) == (200, 0), response
"""


@pytest.mark.scenario("two-processes")
def test_two_processes(start_sandbox: StartSandbox, tmp_path: pathlib.Path) -> None:
    sandbox = start_sandbox("--auto-approve", "0", "--refresh-policy", "strict")
    folder = tmp_path / "tokens"
    with ecoauth.Client(ecoauth.FileStore(folder), **options(sandbox)) as client:
        client.account().authorize_pin(30)
    sandbox.control("expire", what="access")
    before = len([each for each in sandbox.log() if each["path"] == "/token"])
    for process in [start_python(REQUESTER, sandbox.url, str(folder)) for _ in range(2)]:
        finish(process)
    assert len([each for each in sandbox.log() if each["path"] == "/token"]) == before + 1


def test_sealed(start_sandbox: StartSandbox, tmp_path: pathlib.Path) -> None:
    sandbox, key = start_sandbox("--auto-approve", "0"), os.urandom(32)

    def key_of(key_id: object) -> bytes:
        return key

    store = ecoauth.FileStore(tmp_path / "tokens", seal=ecoauth.SealKeys(key_of))
    with ecoauth.Client(store, **options(sandbox)) as client:
        account = client.account()
        account.authorize_pin(30)
        assert account.status().seal != "none"
        token = account.token().access_token.encode()
    files = [path for path in (tmp_path / "tokens").iterdir() if path.is_file()]
    assert files and not any(token in path.read_bytes() for path in files)


def test_authorizing_by_a_browser_and_importing(start_sandbox: StartSandbox) -> None:
    sandbox, back = start_sandbox(), "https://client.example/back"
    with ecoauth.Client(ecoauth.MemoryStore(), **options(sandbox)) as client:
        account = client.account()
        address = urlsplit(account.authorize_url(ecoauth.Flow.CODE, back))
        asked = dict(parse_qsl(address.query))
        assert address.path == "/authorize" and asked["response_type"] == "code" and asked["redirect_uri"] == back
        with pytest.raises(ecoauth.EcoauthError) as foreign:
            account.complete_redirect(back + "?code=abc&state=foreign")
        assert foreign.value.code == ecoauth.Code.WRONG_STATE
        with pytest.raises(ecoauth.ReauthorizeError) as declined:
            account.complete_redirect(f"{back}?error=access_denied&state={asked['state']}")
        assert declined.value.code == ecoauth.Code.DECLINED
        with pytest.raises(ecoauth.ReauthorizeError) as refused:
            client.account("imported").import_token("RefreshTokenThatNobodyHasGivenOut")
        assert refused.value.code == ecoauth.Code.NEEDS_AUTHORIZATION


def test_refused_options() -> None:
    for name, value in (("base_url", "http://ecobee.example"), ("ca_file", "/nonexistent"), ("proxy", "socks5://127.0.0.1:1"),
                        ("client_id", ""), ("log_level", 9), ("request_timeout", 0.1), ("advisory_window", (60, 50)),
                        ("mandatory_window", (0, 51))):
        with pytest.raises(ecoauth.ConfigError, match=name) as refused:
            ecoauth.Client(ecoauth.MemoryStore(), **{name: value})  # type: ignore[arg-type]
        assert refused.value.code == ecoauth.Code.INVALID_ARGUMENT and refused.value.advice
    with pytest.raises(TypeError, match="base_ulr"):
        ecoauth.Client(ecoauth.MemoryStore(), base_ulr="https://api.ecobee.com")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="client_id"):
        ecoauth.Client(ecoauth.MemoryStore(), client_id=5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="store"):
        ecoauth.Client("tokens")  # type: ignore[arg-type]


def test_what_is_running() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", ecoauth.library_version())
    assert ecoauth.has_feature("pin") and not ecoauth.has_feature("no such thing")
    assert (ecoauth.runtime_info("openssl") or "").startswith("OpenSSL 3")
    assert ecoauth.runtime_info("no such thing") is None
