"""What must not happen to the process, as ../../scenario.json lists it, with the client for threads."""

from __future__ import annotations

import gc
import logging
import os
import pathlib
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import List

import pytest
from conftest import StartSandbox
from hosts import SUMMARY, MapStore, Pins, finish, options, start_python

import ecoauth
from ecoauth import _stores


def wait_until(condition: object, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.scenario("ticking")
def test_the_interpreter_goes_on(start_sandbox: StartSandbox) -> None:
    sandbox, gaps, over = start_sandbox(), [], threading.Event()

    def tick() -> None:
        last = time.monotonic()
        while not over.is_set():
            time.sleep(0.01)
            gaps.append(time.monotonic() - last)
            last = time.monotonic()

    with ecoauth.Client(ecoauth.MemoryStore(), **options(sandbox)) as client:
        ticker = threading.Thread(target=tick)
        ticker.start()
        with pytest.raises(ecoauth.TimedOut):
            client.account().authorize_pin(2)
        over.set()
        ticker.join()
    assert len(gaps) >= 50 and max(gaps) < 0.5


EXIT = """
import sys, threading, ecoauth
from hosts import CLIENT_ID, Pins
pins = Pins()
client = ecoauth.Client(ecoauth.MemoryStore(), client_id=CLIENT_ID, base_url=sys.argv[1], on_pin=pins)
def authorize():
    try:
        client.account().authorize_pin()
    except ecoauth.EcoauthError:  # the end of the process ends it
        pass
threading.Thread(target=authorize, daemon=True).start()
pins.wait()
"""
EXIT_WITH_A_STORE = """
import asyncio, sys, ecoauth
from ecoauth import aio
from hosts import CLIENT_ID, MapStore
async def main():
    shown = asyncio.Queue()
    client = aio.Client(MapStore(), client_id=CLIENT_ID, base_url=sys.argv[1], on_pin=shown.put_nowait)
    task = asyncio.ensure_future(client.account().authorize_pin())
    await shown.get()
    sys.exit(0)
asyncio.run(main())
"""


@pytest.mark.scenario("exit")
def test_exit_with_an_authorization_running(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox()

    def one(number: int) -> str:
        return finish(start_python(EXIT if number % 2 else EXIT_WITH_A_STORE, sandbox.url))

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(one, range(100))) == {""}


@pytest.mark.scenario("garbage")
def test_nothing_is_kept_by_the_program(start_sandbox: StartSandbox) -> None:
    """Handlers and stores that nobody else holds, with collections all the time."""
    sandbox, shown, over = start_sandbox("--auto-approve", "0"), [], threading.Event()

    def collect() -> None:
        while not over.is_set():
            gc.collect()

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        for _ in range(5):
            with ecoauth.Client(MapStore(), on_pin=lambda pin: shown.append(pin), on_event=lambda event: None,
                                **options(sandbox)) as client:
                client.account().authorize_pin(30)
                client.account().refresh()
    finally:
        over.set()
        collector.join()
    assert len(shown) == 5
    assert _stores.kept_count() == 0  # every finalizer has run
    forgotten = ecoauth.Client(MapStore(), **options(sandbox))
    assert _stores.kept_count() == 1
    del forgotten
    gc.collect()
    wait_until(lambda: _stores.kept_count() == 0)


@pytest.mark.scenario("fork")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox("--auto-approve", "0")
    with ecoauth.Client(ecoauth.MemoryStore(), **options(sandbox)) as client:
        account = client.account()
        account.authorize_pin(30)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                try:
                    account.token()
                except ecoauth.ForkedError:
                    with ecoauth.Client(ecoauth.MemoryStore(), **options(sandbox)) as other:
                        other.account().authorize_pin(30)
                        code = 0 if other.account().token().generation == 1 else 2
                client.close()
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert status == 0
        account.refresh()
        assert account.token().generation == 2


SIGPIPE = """
import signal, sys
mask, handler = signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.getsignal(signal.SIGPIPE)
import ecoauth
from hosts import CLIENT_ID
ecoauth.load_library()
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == mask
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
with ecoauth.Client(ecoauth.MemoryStore(), client_id=CLIENT_ID, base_url=sys.argv[1]) as client:
    account = client.account()
    account.authorize_pin(30)
    import urllib.request
    urllib.request.urlopen(sys.argv[1] + "/sandbox/fault", b"name=reset&count=3&at=api").read()
    for _ in range(4):
        try:
            account.request("GET", "/1/thermostatSummary?json=%7B%7D")
        except ecoauth.RetryError:
            pass
    assert account.request("GET", "/1/thermostatSummary?json=%7B%7D").http_status == 200
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == mask
assert signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL and handler == signal.SIG_IGN
"""


@pytest.mark.scenario("sigpipe")
def test_sigpipe(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox("--auto-approve", "0")
    assert finish(start_python(SIGPIPE, sandbox.url)) == ""


class FullStore(MapStore):
    def save(self, key: str, expected_seq: int, record: bytes, new_seq: int) -> bool:
        raise OSError("no space left")


@pytest.mark.scenario("thrown")
def test_exceptions_in_handlers_and_stores(start_sandbox: StartSandbox, caplog: pytest.LogCaptureFixture) -> None:
    sandbox, store = start_sandbox("--auto-approve", "0"), MapStore()

    def on_event(event: ecoauth.Event) -> None:
        raise RuntimeError("from a handler") if event.kind != ecoauth.EventKind.PIN else SystemExit("from a handler")

    with caplog.at_level(logging.ERROR, "ecoauth"):
        with ecoauth.Client(store, on_event=on_event, **options(sandbox)) as client:
            client.account().authorize_pin(30)
        raised = [record.exc_info[1] for record in caplog.records if record.exc_info]
        assert {type(each) for each in raised} == {RuntimeError, SystemExit} and all(str(each) == "from a handler" for each in raised)
        saved = dict(store.records)
        store.broken = OSError("the disk has gone")
        with ecoauth.Client(store, **options(sandbox)) as client:
            with pytest.raises(ecoauth.StorageError) as broken:
                client.account().token()
        assert broken.value.code == ecoauth.Code.CALLBACK and broken.value.__cause__ is store.broken
        store.broken = ecoauth.RetryLater()
        with ecoauth.Client(store, **options(sandbox)) as client:
            with pytest.raises(ecoauth.EcoauthError):
                client.account().token(timeout=1)
        full = FullStore()
        with ecoauth.Client(full, **options(sandbox)) as client:
            with pytest.raises(ecoauth.StorageError) as unsaved:
                client.account().authorize_pin(30)
        assert isinstance(unsaved.value.__cause__, OSError) and full.records == {}
    store.broken = None
    assert store.records == saved
    with ecoauth.Client(store, **options(sandbox)) as client:
        assert client.account().token().generation == 1


@pytest.mark.scenario("closed")
def test_used_after_close(start_sandbox: StartSandbox) -> None:
    sandbox, pins = start_sandbox(), Pins()
    client = ecoauth.Client(ecoauth.MemoryStore(), on_pin=pins, **options(sandbox))
    account, ended = client.account(), client.account()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(account.authorize_pin)
        pins.wait()
        client.close()
        with pytest.raises((ecoauth.CancelledError, ecoauth.ClosedError)):
            waiting.result(30)
    client.close()
    ended.close()
    ended.close()
    for use in (account.token, account.status, ended.token, ended.status, ended.token_in_memory, client.account,
                lambda: client.quiesce(1)):
        with pytest.raises(ecoauth.ClosedError):
            use()
    assert account.generation == 0


@pytest.mark.scenario("closed")
def test_closed_and_used_by_many_threads(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox("--auto-approve", "0")
    for _ in range(20):
        client = ecoauth.Client(ecoauth.MemoryStore(), **options(sandbox))
        account = client.account()

        def use() -> None:
            while True:
                try:
                    account.status()
                    client.account().token_in_memory()
                    account.token(timeout=1)
                except ecoauth.ClosedError:
                    return
                except ecoauth.EcoauthError:
                    pass

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.01)
        client.close()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()


def test_waiting_inside_a_handler_or_store_is_refused(start_sandbox: StartSandbox) -> None:
    sandbox, codes = start_sandbox("--auto-approve", "0"), []  # type: ignore[var-annotated]

    def wait() -> None:
        try:
            account.token()
        except ecoauth.EcoauthError as error:
            codes.append(error.code)

    class Waiting(MapStore):
        def save(self, key: str, expected_seq: int, record: bytes, new_seq: int) -> bool:
            wait()
            return super().save(key, expected_seq, record, new_seq)

    with ecoauth.Client(Waiting(), on_pin=lambda pin: wait(), **options(sandbox)) as client:
        account = client.account()
        account.authorize_pin(30)
        assert client.closed is False
    assert len(codes) >= 2 and set(codes) == {ecoauth.Code.REENTRANT}


def test_closed_by_a_handler(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox()
    client = ecoauth.Client(ecoauth.MemoryStore(), on_pin=lambda pin: client.close(), **options(sandbox))
    with pytest.raises((ecoauth.CancelledError, ecoauth.ClosedError)):
        client.account().authorize_pin(30)
    wait_until(lambda: client.closed)


def test_closed_by_a_store(start_sandbox: StartSandbox) -> None:
    sandbox, begin = start_sandbox("--auto-approve", "0"), time.monotonic()

    class Closing(MapStore):
        def save(self, key: str, expected_seq: int, record: bytes, new_seq: int) -> bool:
            client.close()
            return super().save(key, expected_seq, record, new_seq)

    client = ecoauth.Client(Closing(), **options(sandbox))
    with pytest.raises(ecoauth.EcoauthError):
        client.account().authorize_pin(30)
    wait_until(lambda: client.closed)
    assert time.monotonic() - begin < 10


def resident_bytes() -> int:
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def count(folder: str) -> int:
    return len(os.listdir(folder))


@pytest.mark.scenario("reopen")
def test_reopened(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox()
    measured: List[int] = []
    descriptors = threads = 0
    for run in range(10000):
        if run == 1000:
            gc.collect()
            descriptors, threads = count("/proc/self/fd"), threading.active_count()
            measured.append(resident_bytes())
        client = ecoauth.Client(MapStore(), on_pin=print, **options(sandbox))
        with client, client.account() as account:
            account.status()
    gc.collect()
    assert count("/proc/self/fd") == descriptors
    assert threading.active_count() == threads
    assert _stores.kept_count() == 0
    grown = resident_bytes() - measured[0]
    print(f"grown by {grown // 1024} KiB over 9,000 clients")
    assert grown < 8 << 20


def test_reopened_with_readers(start_sandbox: StartSandbox) -> None:
    """The same, fewer times, with operations: each has a reader thread and a socket."""
    sandbox = start_sandbox("--auto-approve", "0")
    before = count("/proc/self/fd")
    for _ in range(12):
        with ecoauth.Client(ecoauth.MemoryStore(), **options(sandbox)) as client:
            client.account().authorize_pin(30)
            assert client.account().request("GET", SUMMARY).api_status == 0
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "ecoauth"])
    assert count("/proc/self/fd") <= before + 2


def test_signals_still_arrive(start_sandbox: StartSandbox) -> None:
    """A handler of the program's own runs while a thread waits."""
    sandbox, arrived = start_sandbox(), []
    previous = signal.signal(signal.SIGUSR1, lambda *_: arrived.append(1))
    try:
        with ecoauth.Client(ecoauth.MemoryStore(), **options(sandbox)) as client:
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            with pytest.raises(ecoauth.TimedOut):
                client.account().authorize_pin(1.5)
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert arrived == [1] and sys.exc_info() == (None, None, None)
