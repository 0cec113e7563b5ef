"""The client for asyncio: no thread of its own; the event loop reads the library's wakeup socket. Cancelling a task cancels the
operation it waits for."""

from __future__ import annotations

import asyncio
import inspect
import logging
import socket
from typing import TYPE_CHECKING, Any, Awaitable, Callable, Mapping, Optional, Union

from ._core import AccountHandle, Core
from ._errors import Code, EcoauthError, make_error
from ._options import ClientOptions, Options, encode, milliseconds
from ._stores import AnyStore
from ._sync import request_arguments, required, write_log
from ._values import Event, EventKind, Flow, Pin, Response, Status, Token

if TYPE_CHECKING:
    from typing_extensions import Unpack

log = logging.getLogger("ecoauth")
_EVENTS_AT_ONCE = 64

__all__ = ["Account", "Client"]


def _settle(waiter: asyncio.Future[Event], event: Event, error: Optional[EcoauthError]) -> None:
    if waiter.done():
        return
    if error is not None:
        waiter.set_exception(error)
    else:
        waiter.set_result(event)


class Client:
    """One application, on one event loop; an async context manager. `on_pin` and `on_event` are functions or coroutine functions,
    called in the loop; what they raise goes to the loop's exception handler. The other arguments are those of ClientOptions; with a
    `log_level`, log lines go to the logger "ecoauth"."""

    def __init__(self, store: AnyStore, *, on_pin: Optional[Callable[[Pin], Union[None, Awaitable[object], object]]] = None,
                 on_event: Optional[Callable[[Event], Union[None, Awaitable[object], object]]] = None,
                 **options: Unpack[ClientOptions]) -> None:
        self._on_pin, self._on_event = on_pin, on_event
        self._core = Core(Options(store, **options), _settle)
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._socket: Optional[socket.socket] = None
        self._closed: Optional[asyncio.Future[None]] = None
        self._tasks: set[asyncio.Future[Any]] = set()

    def account(self, key: str = "default") -> Account:
        """The grant under a name. Reads and sends nothing."""
        return Account(self, self._core.open_account(key))

    async def accounts(self, timeout: Optional[float] = 60) -> list[str]:
        """The names of the accounts that the store has grants of. The one call that takes a thread of the loop's executor."""
        return await asyncio.get_running_loop().run_in_executor(None, self._core.accounts, timeout)

    async def quiesce(self, timeout: float) -> None:
        """Starts nothing new, waits until running exchanges have finished and everything is saved; likewise."""
        await asyncio.get_running_loop().run_in_executor(None, self._core.quiesce, timeout)

    async def aclose(self) -> None:
        """Ends the client, waiting for running exchanges up to the shutdown time-out. Once or more."""
        if not self._core.is_open:
            return
        self._attach()
        self._core.close_start()
        assert self._closed is not None
        await asyncio.shield(self._closed)

    @property
    def closed(self) -> bool:
        return not self._core.is_open

    async def __aenter__(self) -> Client:
        self._attach()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # --- Events -----------------------------------------------------------------------------------------------------------
    def _attach(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        if self._loop is not None:
            raise RuntimeError("this client belongs to another event loop")
        self._socket = socket.socket(fileno=self._core.wakeup_fd())
        self._closed = loop.create_future()
        loop.add_reader(self._socket, self._readable)
        self._loop = loop

    def _readable(self) -> None:
        assert self._socket is not None
        try:
            while self._socket.recv(4096):
                pass
        except BlockingIOError:
            pass
        # The library wakes us again when events are left.
        for _ in range(_EVENTS_AT_ONCE):
            try:
                event = self._core.next_event(0)
            except EcoauthError:
                self._detach()
                return
            if event is None:
                return
            if event.kind == EventKind.COMPLETED:
                self._core.completed(event)
            if event.kind == EventKind.LOG:
                write_log(event)
            if event.pin is not None and self._on_pin is not None:
                self._deliver(self._on_pin, event.pin)
            if self._on_event is not None:
                self._deliver(self._on_event, event)
            if event.kind == EventKind.CLOSED:
                self._detach()
                return

    def _detach(self) -> None:
        if self._loop is not None and self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        self._core.free()  # at once: CLOSED has come
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)

    def _deliver(self, handler: Callable[[Any], Any], argument: object) -> None:
        assert self._loop is not None
        try:
            result = handler(argument)
            if inspect.isawaitable(result):
                task = asyncio.ensure_future(result, loop=self._loop)
                self._tasks.add(task)
                task.add_done_callback(self._handled)
        except Exception as error:
            self._report(error)

    def _handled(self, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._report(task.exception())

    def _report(self, error: Optional[BaseException]) -> None:
        assert self._loop is not None
        self._loop.call_exception_handler({"message": "an ecoauth handler raised an exception", "exception": error})

    async def _wait(self, account: AccountHandle, timeout: Optional[float], name: str, *arguments: Any) -> Event:
        self._attach()
        assert self._loop is not None
        waiter: asyncio.Future[Event] = self._loop.create_future()
        operation = account.start(name, waiter, *arguments)
        try:
            return await asyncio.wait_for(waiter, timeout)
        except asyncio.TimeoutError as error:
            if isinstance(error, EcoauthError):
                raise
            self._core.cancel(operation)
            raise make_error(Code.TIMEOUT, "the time given to the call is over") from None
        except asyncio.CancelledError:
            self._core.cancel(operation)
            raise


class Account:
    """One user's grant under a name. Coroutines take a `timeout` in seconds, None waits without limit; cancelling the task ends the
    operation. A time-out or cancel past the first byte of a token request ends the call, never the exchange."""

    def __init__(self, client: Client, handle: AccountHandle) -> None:
        self._client, self._handle = client, handle

    async def _wait(self, timeout: Optional[float], name: str, *arguments: Any) -> Event:
        return await self._client._wait(self._handle, timeout, name, *arguments)

    async def authorize_pin(self, timeout: Optional[float] = None) -> None:
        """Gets a PIN, shows it through `on_pin`, and returns when the user has approved it."""
        await self._wait(timeout, "authorize_pin")

    async def token(self, min_valid: float = 0, timeout: Optional[float] = 60) -> Token:
        """An access token valid for at least `min_valid` seconds more."""
        return required((await self._wait(timeout, "get_token", milliseconds(min_valid))).token)

    async def refresh(self, timeout: Optional[float] = 60) -> None:
        """Refreshes now, whatever the token's age."""
        await self._wait(timeout, "refresh")

    async def request(self, method: str, target: str, body: Union[bytes, str, None] = None, *, content_type: Optional[str] = None,
                      headers: Optional[Mapping[str, str]] = None, max_response_bytes: int = 0,
                      timeout: Optional[float] = 60) -> Response:
        """An authorized API request; a refused token is refreshed and the request repeated once. `headers` are sent beside the
        library's own; an answer larger than `max_response_bytes` (at most 64 MiB, 0 for 4 MiB) is an error."""
        arguments = request_arguments(method, target, headers, body, content_type, max_response_bytes)
        return required((await self._wait(timeout, "request_with", *arguments)).response)

    async def sign_out(self, timeout: Optional[float] = 60) -> bool:
        """Forgets the grant, on disk too. False when there was none."""
        return (await self._wait(timeout, "sign_out")).result != Code.ALREADY_DONE

    async def wait_for_change(self, seen_revision: int, timeout: Optional[float] = None) -> Status:
        """The status, once its revision differs from `seen_revision`; with 0 once the store has been read."""
        await self._wait(timeout, "wait", seen_revision)
        return self.status()

    async def authorize_url(self, flow: Flow, redirect_uri: str, timeout: Optional[float] = 60) -> str:
        """The address to open in a browser."""
        return (await self._wait(timeout, "authorize_url", int(flow), encode(redirect_uri, "redirect_uri"))).text

    async def complete_redirect(self, redirected_url: str, timeout: Optional[float] = 60) -> None:
        """Takes the address to which the browser was sent back."""
        await self._wait(timeout, "complete_redirect", encode(redirected_url, "redirected_url"))

    async def import_token(self, refresh_token: str, timeout: Optional[float] = 60) -> None:
        """Brings a refresh token from elsewhere under the library's care."""
        await self._wait(timeout, "import", encode(refresh_token, "refresh_token"))

    # --- What never waits -------------------------------------------------------------------------------------------------
    def token_in_memory(self) -> Optional[str]:
        """The access token in memory; None when there is none or it has expired: then call token()."""
        return self._handle.token_in_memory()

    @property
    def generation(self) -> int:
        """Counts token pairs, 0 without one."""
        return self._handle.generation()

    def report_rejected(self, generation: int) -> bool:
        """The API refused the token of this generation. False when a newer one is there. Repeat the API call once."""
        return self._handle.call("report_rejected", generation) != Code.ALREADY_DONE

    def check_now(self) -> None:
        """The user says "done": polls as soon as the interval allows."""
        self._handle.call("check_now")

    def status(self) -> Status:
        return self._handle.status()

    def last_error(self) -> Optional[EcoauthError]:
        """The most recent failure; None after a success."""
        return self._handle.last_error()

    def close(self) -> None:
        """Ends this object; the grant is not touched."""
        self._handle.close()
