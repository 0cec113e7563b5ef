"""The client for programs with threads: one daemon thread per client reads its events and settles what waits."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional, TypeVar, Union

from ._core import AccountHandle, Core, refuse_inside_callback
from ._errors import Code, EcoauthError, make_error
from ._options import ClientOptions, Options, encode, milliseconds
from ._stores import AnyStore, inside
from ._values import Event, EventKind, Flow, LogLevel, Pin, Response, Status, Token

if TYPE_CHECKING:
    from typing_extensions import Unpack

log = logging.getLogger("ecoauth")
T = TypeVar("T")
_LEVELS = {LogLevel.ERROR: logging.ERROR, LogLevel.WARNING: logging.WARNING, LogLevel.INFO: logging.INFO}

#: Longer than any shutdown time-out waits by itself.
_READER_PATIENCE = 5.0


def _settle(waiter: Future[Event], event: Event, error: Optional[EcoauthError]) -> None:
    if error is not None:
        waiter.set_exception(error)
    else:
        waiter.set_result(event)


def write_log(event: Event) -> None:
    """LOG events go to the logger "ecoauth"."""
    log.log(_LEVELS.get(event.log_level, logging.DEBUG), "%s", event.text)


class Client:
    """One application. Thread-safe; a context manager. `on_pin` and `on_event` are called on the client's own thread, one at a time;
    what they raise is logged. They must not wait: use other threads for that.

    The other arguments are those of ClientOptions; with a `log_level`, log lines go to the logger "ecoauth".
    """

    def __init__(self, store: AnyStore, *, on_pin: Optional[Callable[[Pin], object]] = None,
                 on_event: Optional[Callable[[Event], object]] = None, **options: Unpack[ClientOptions]) -> None:
        self._on_pin, self._on_event = on_pin, on_event
        self._shutdown = float(options.get("shutdown_timeout") or 8.0)
        self._core = Core(Options(store, **options), _settle)
        self._core.closer = self.close
        self._reader: Optional[threading.Thread] = None

    def account(self, key: str = "default") -> Account:
        """The grant under a name. Reads and sends nothing."""
        return Account(self, self._core.open_account(key))

    def quiesce(self, timeout: float) -> None:
        """Starts nothing new, waits until running exchanges have finished and everything is saved."""
        self._core.quiesce(timeout)

    def accounts(self, timeout: Optional[float] = 60) -> list[str]:
        """The names of the accounts that the store has grants of."""
        return self._core.accounts(timeout)

    def close(self) -> None:
        """Ends the client, waiting for running exchanges up to the shutdown time-out. Once or more, from any thread."""
        core, reader = self._core, self._reader
        if not core.is_open:
            return
        if reader is not None and (threading.current_thread() is reader or getattr(inside, "callback", False)):
            core.close_start()  # the reader frees it after its last event
            return
        if reader is not None and core.pid == os.getpid():
            core.close_start()
            reader.join(self._shutdown + _READER_PATIENCE)
            if reader.is_alive():
                log.error("a handler has not returned; the client is left as it is")
                return
        core.free()

    @property
    def closed(self) -> bool:
        return not self._core.is_open

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- The reader -------------------------------------------------------------------------------------------------------
    def _start_reader(self) -> None:
        with self._core.lock:
            if self._reader is None and self._core.is_open:
                self._reader = threading.Thread(target=self._read, name="ecoauth", daemon=True)
                self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                event = self._core.next_event(-1)
            except EcoauthError:
                break
            if event is None:
                continue
            if event.kind == EventKind.CLOSED:
                self._deliver(event)
                break
            if event.kind == EventKind.COMPLETED:
                self._core.completed(event)
            if event.kind == EventKind.LOG:
                write_log(event)
            self._deliver(event)
        self._core.free()  # at once: it has ended

    def _deliver(self, event: Event) -> None:
        try:
            if event.pin is not None and self._on_pin is not None:
                self._on_pin(event.pin)
            if self._on_event is not None:
                self._on_event(event)
        except BaseException:  # sys.exit(), too: without this thread nobody would hear of anything any more
            log.exception("a handler raised an exception")

    def _wait(self, account: AccountHandle, timeout: Optional[float], name: str, *arguments: Any) -> Event:
        refuse_inside_callback()
        if threading.current_thread() is self._reader:
            raise make_error(Code.REENTRANT, "a call that waits was made from inside a handler")
        waiter: Future[Event] = Future()
        self._start_reader()
        operation = account.start(name, waiter, *arguments)
        try:
            return waiter.result(timeout)
        except FutureTimeout as error:
            if isinstance(error, EcoauthError):
                raise
            self._core.cancel(operation)
            raise make_error(Code.TIMEOUT, "the time given to the call is over") from None
        except BaseException:  # KeyboardInterrupt, say
            self._core.cancel(operation)
            raise


class Account:
    """One user's grant under a name. Thread-safe. Calls that wait take a `timeout` in seconds, None waits without limit; Ctrl-C ends
    them. A time-out past the first byte of a token request ends the call, never the exchange."""

    def __init__(self, client: Client, handle: AccountHandle) -> None:
        self._client, self._handle = client, handle

    def _wait(self, timeout: Optional[float], name: str, *arguments: Any) -> Event:
        return self._client._wait(self._handle, timeout, name, *arguments)

    def authorize_pin(self, timeout: Optional[float] = None) -> None:
        """Gets a PIN, shows it through `on_pin`, and returns when the user has approved it."""
        self._wait(timeout, "authorize_pin")

    def token(self, min_valid: float = 0, timeout: Optional[float] = 60) -> Token:
        """An access token valid for at least `min_valid` seconds more."""
        return required(self._wait(timeout, "get_token", milliseconds(min_valid)).token)

    def refresh(self, timeout: Optional[float] = 60) -> None:
        """Refreshes now, whatever the token's age."""
        self._wait(timeout, "refresh")

    def request(self, method: str, target: str, body: Union[bytes, str, None] = None, *, content_type: Optional[str] = None,
                headers: Optional[Mapping[str, str]] = None, max_response_bytes: int = 0,
                timeout: Optional[float] = 60) -> Response:
        """An authorized API request; a refused token is refreshed and the request repeated once. `headers` are sent beside the
        library's own; an answer larger than `max_response_bytes` (at most 64 MiB, 0 for 4 MiB) is an error."""
        arguments = request_arguments(method, target, headers, body, content_type, max_response_bytes)
        return required(self._wait(timeout, "request_with", *arguments).response)

    def sign_out(self, timeout: Optional[float] = 60) -> bool:
        """Forgets the grant, on disk too. False when there was none."""
        return self._wait(timeout, "sign_out").result != Code.ALREADY_DONE

    def wait_for_change(self, seen_revision: int, timeout: Optional[float] = None) -> Status:
        """The status, once its revision differs from `seen_revision`; with 0 once the store has been read."""
        self._wait(timeout, "wait", seen_revision)
        return self.status()

    def authorize_url(self, flow: Flow, redirect_uri: str, timeout: Optional[float] = 60) -> str:
        """The address to open in a browser."""
        return self._wait(timeout, "authorize_url", int(flow), encode(redirect_uri, "redirect_uri")).text

    def complete_redirect(self, redirected_url: str, timeout: Optional[float] = 60) -> None:
        """Takes the address to which the browser was sent back."""
        self._wait(timeout, "complete_redirect", encode(redirected_url, "redirected_url"))

    def import_token(self, refresh_token: str, timeout: Optional[float] = 60) -> None:
        """Brings a refresh token from elsewhere under the library's care."""
        self._wait(timeout, "import", encode(refresh_token, "refresh_token"))

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

    def __enter__(self) -> Account:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def request_arguments(method: str, target: str, headers: Optional[Mapping[str, str]], body: Union[bytes, str, None],
                      content_type: Optional[str], max_response_bytes: int) -> tuple[Any, ...]:
    data = body.encode("utf-8") if isinstance(body, str) else body
    kind = None if content_type is None else encode(content_type, "content_type")
    lines = "".join(f"{name}: {value}\n" for name, value in (headers or {}).items())
    if lines.count("\n") != len(headers or {}):
        raise make_error(Code.INVALID_ARGUMENT, "a name or value of headers holds a line feed")
    return encode(method, "method"), encode(target, "target"), encode(lines, "headers"), data, len(data or b""), kind, max_response_bytes


def required(value: Optional[T]) -> T:
    assert value is not None  # a success without it would be a defect of the library
    return value
