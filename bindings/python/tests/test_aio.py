"""The same steps with the client for asyncio."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Awaitable, Callable, Dict, List

import pytest
from conftest import StartSandbox
from hosts import SUMMARY, MapStore, options

import ecoauth
from ecoauth import aio


def run(body: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(body(), 60)

    asyncio.run(bounded())


@pytest.mark.scenario("pin", "approve", "token", "refresh", "request")
def test_the_whole_story(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox()

    async def body() -> None:
        shown: asyncio.Queue[ecoauth.Pin] = asyncio.Queue()
        async with aio.Client(ecoauth.MemoryStore(), on_pin=shown.put, **options(sandbox)) as client:
            account = client.account()
            authorization = asyncio.ensure_future(account.authorize_pin())
            pin = await shown.get()
            await asyncio.to_thread(sandbox.control, "approve", pin=pin.pin)
            await authorization
            assert (await account.token()).generation == 1
            assert (await account.request("GET", SUMMARY)).api_status == 0
            sandbox.control("expire", what="access")
            assert (await account.request("GET", SUMMARY)).api_status == 0
            assert account.generation == 2
            assert (await account.request("GET", SUMMARY, headers={"X-One": "1"}, max_response_bytes=1 << 20)).api_status == 0
            with pytest.raises(ecoauth.ConfigError):
                await account.request("GET", SUMMARY, headers={"X-One": "1"}, max_response_bytes=5)
            with pytest.raises(ecoauth.RetryError):
                await account.refresh()
            assert (await account.wait_for_change(0)).state == ecoauth.GrantState.ACTIVE
            assert await account.sign_out() is True
        assert client.closed
        await client.aclose()
        with pytest.raises(ecoauth.ClosedError):
            await account.token()

    run(body)


@pytest.mark.scenario("cancel")
def test_cancelled_by_cancelling_the_task(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox()

    async def body() -> None:
        shown: asyncio.Queue[ecoauth.Pin] = asyncio.Queue()
        ended: List[int] = []

        def on_event(event: ecoauth.Event) -> None:
            if event.kind == ecoauth.EventKind.COMPLETED:
                ended.append(event.result)

        async with aio.Client(ecoauth.MemoryStore(), on_pin=shown.put_nowait, on_event=on_event, **options(sandbox)) as client:
            account = client.account()
            task = asyncio.ensure_future(account.authorize_pin())
            first = await shown.get()
            begin = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while not ended:
                await asyncio.sleep(0.01)
            assert ended == [ecoauth.Code.CANCELLED] and time.monotonic() - begin < 1
            with pytest.raises(ecoauth.TimedOut):
                await account.authorize_pin(timeout=0.1)
            task = asyncio.ensure_future(account.authorize_pin())
            while (await shown.get()).pin != first.pin:
                pass
            sandbox.control("approve", pin=first.pin)
            await task

    run(body)


@pytest.mark.scenario("expired", "declined")
def test_expired_and_declined(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox("--expired-as", "authorization_expired")

    async def body() -> None:
        shown: asyncio.Queue[ecoauth.Pin] = asyncio.Queue()
        async with aio.Client(ecoauth.MemoryStore(), on_pin=shown.put_nowait, **options(sandbox)) as client:
            one = asyncio.ensure_future(client.account("one").authorize_pin())
            await shown.get()
            sandbox.control("expire", what="pin")
            with pytest.raises(ecoauth.ReauthorizeError, match="not approved"):
                await one
            two = asyncio.ensure_future(client.account("two").authorize_pin())
            sandbox.control("decline", pin=(await shown.get()).pin)
            with pytest.raises(ecoauth.ReauthorizeError) as declined:
                await two
            assert declined.value.name == "DECLINED"

    run(body)


@pytest.mark.scenario("ticking")
def test_the_loop_goes_on(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox()

    async def body() -> None:
        gaps: List[float] = []

        async def tick() -> None:
            last = time.monotonic()
            while True:
                await asyncio.sleep(0.01)
                gaps.append(time.monotonic() - last)
                last = time.monotonic()

        async with aio.Client(ecoauth.MemoryStore(), **options(sandbox)) as client:
            ticker = asyncio.ensure_future(tick())
            with pytest.raises(ecoauth.TimedOut):
                await client.account().authorize_pin(timeout=2)
            ticker.cancel()
        assert len(gaps) >= 50 and max(gaps) < 0.5

    run(body)


@pytest.mark.scenario("thrown")
def test_exceptions_in_handlers_go_to_the_loop(start_sandbox: StartSandbox) -> None:
    sandbox, store = start_sandbox("--auto-approve", "0"), MapStore()

    async def body() -> None:
        reported: List[Dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

        async def on_pin(pin: ecoauth.Pin) -> None:
            raise RuntimeError("from a coroutine")

        def on_event(event: ecoauth.Event) -> None:
            raise RuntimeError("from a function")

        async with aio.Client(store, on_pin=on_pin, on_event=on_event, **options(sandbox)) as client:
            await client.account().authorize_pin()
        said = {str(each["exception"]) for each in reported}
        assert said == {"from a coroutine", "from a function"}
        store.broken = OSError("the disk has gone")
        async with aio.Client(store, **options(sandbox)) as client:
            with pytest.raises(ecoauth.StorageError) as broken:
                await client.account().token()
            assert broken.value.__cause__ is store.broken

    run(body)


@pytest.mark.scenario("closed")
def test_closed_while_waiting(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox()

    async def body() -> None:
        shown: asyncio.Queue[ecoauth.Pin] = asyncio.Queue()
        client = aio.Client(ecoauth.MemoryStore(), on_pin=shown.put_nowait, **options(sandbox))
        account = client.account()
        waiting = asyncio.ensure_future(account.authorize_pin())
        await shown.get()
        await asyncio.gather(client.aclose(), client.aclose())
        with pytest.raises((ecoauth.CancelledError, ecoauth.ClosedError)):
            await waiting
        with pytest.raises(ecoauth.ClosedError):
            client.account()

    run(body)


def test_many_accounts_at_once(start_sandbox: StartSandbox) -> None:
    """More events than are read in one go."""
    sandbox = start_sandbox("--auto-approve", "0")

    async def body() -> None:
        async with aio.Client(ecoauth.MemoryStore(), **options(sandbox)) as client:
            accounts = [client.account(f"user{number}") for number in range(100)]
            await asyncio.gather(*(account.authorize_pin() for account in accounts))
            tokens = await asyncio.gather(*(account.token() for account in accounts))
            assert len({token.access_token for token in tokens}) == 100

    run(body)
