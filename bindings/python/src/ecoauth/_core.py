"""What the sync and the asyncio client share: the library's handles, and the table of operations under way.

No handle is used after its end: a call that needs one holds the lock and looks at it there. Such calls never block. The one that does,
next_event(-1) of the reader thread, is awaited before the client is freed.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import threading
import weakref
from contextlib import contextmanager
from ctypes import byref, c_int32, c_int64, c_size_t, c_void_p
from typing import Any, Callable, Iterator, Optional

from ._errors import Code, EcoauthError, StorageError, make_error, take_error
from ._library import load_library, text
from ._options import Options, encode, milliseconds
from ._stores import inside
from ._values import Event, EventKind, Flag, GrantState, LogLevel, Status, copy_event, copy_status

_open_cores: weakref.WeakSet[Core] = weakref.WeakSet()


class Core:
    """A client of the library. `settle` is called with the lock held, once for each operation that has ended."""

    def __init__(self, options: Options, settle: Callable[[Any, Event, Optional[EcoauthError]], None]) -> None:
        self.lib = load_library()
        self.renew_lock()
        self.pid = os.getpid()
        self.closer: Optional[Callable[[], None]] = None
        self._settle = settle
        self._pending: dict[int, Any] = {}
        built, self.thrown = options.build()  # what a setter refuses, client_new refuses, and says why
        client, error = c_void_p(), c_void_p()
        result = self.lib.client_new(built, byref(client), byref(error))
        if result < 0:
            raise take_error(result, error)
        self._client: Optional[int] = client.value
        # For clients that were never used, and forgotten.
        self._end = weakref.finalize(self, self.lib.client_free, client.value)
        self._end.atexit = False
        _open_cores.add(self)

    def renew_lock(self) -> None:
        self.lock = threading.RLock()
        self._returned = threading.Condition(self.lock)
        self._borrowed = 0

    # --- The client -------------------------------------------------------------------------------------------------------
    @property
    def is_open(self) -> bool:
        return self._client is not None

    def handle(self) -> int:
        """The pointer; only with the lock held, or by the reader."""
        if self._client is None:
            raise make_error(Code.CLOSED, "the client has been closed")
        return self._client

    def check(self, result: int, error: c_void_p) -> int:
        if result < 0:
            raise self.explain(take_error(result, error))
        return result

    def explain(self, error: EcoauthError) -> EcoauthError:
        """Puts what a store of the program has raised behind the error that came of it."""
        if self.thrown is not None and isinstance(error, StorageError):
            error.__cause__ = self.thrown.take()
        return error

    def next_event(self, timeout_ms: int) -> Optional[Event]:
        """None when none came in time. Raises ClosedError after the last one."""
        event, error = c_void_p(), c_void_p()
        result = self.lib.client_next_event(self.handle(), timeout_ms, byref(event), byref(error))
        if result == Code.TIMEOUT:
            self.lib.error_free(error)
            return None
        self.check(result, error)
        assert event.value is not None
        try:
            return copy_event(event.value)
        finally:
            self.lib.event_free(event)

    def wakeup_fd(self) -> int:
        fd, error = c_int32(), c_void_p()
        with self.lock:
            self.check(self.lib.client_wakeup_fd(self.handle(), byref(fd), byref(error)), error)
        return fd.value

    @contextmanager
    def borrowed(self) -> Iterator[int]:
        """The pointer for a call that blocks; a client that is closed meanwhile is freed when it has returned."""
        with self.lock:
            client = self.handle()
            self._borrowed += 1
        try:
            yield client
        finally:
            with self.lock:
                self._borrowed -= 1
                self._returned.notify_all()

    def quiesce(self, timeout: float) -> None:
        refuse_inside_callback()
        error = c_void_p()
        with self.borrowed() as client:
            self.check(self.lib.client_quiesce(client, milliseconds(timeout), byref(error)), error)

    def accounts(self, timeout: Optional[float]) -> list[str]:
        refuse_inside_callback()
        accounts, error = c_void_p(), c_void_p()
        with self.borrowed() as client:
            self.check(self.lib.client_accounts(client, milliseconds(timeout), byref(accounts), byref(error)), error)
        try:
            return [text(self.lib.account_list_key(accounts, index)) for index in range(self.lib.account_list_size(accounts))]
        finally:
            self.lib.account_list_free(accounts)

    def close_start(self) -> None:
        error = c_void_p()
        with self.lock:
            if self._client is not None:
                self.check(self.lib.client_close_start(self._client, byref(error)), error)

    def free(self) -> None:
        """Blocks up to the shutdown time-out unless CLOSED has come. Whatever still waits ends as closed."""
        with self.lock:
            client, self._client = self._client, None
            while self._borrowed:
                self._returned.wait()
        _open_cores.discard(self)
        if client is not None:
            self._end()
        with self.lock:
            pending, self._pending = self._pending, {}
            for waiter in pending.values():
                self._settle(waiter, CLOSED_EVENT, make_error(Code.CLOSED, "the client has been closed"))

    # --- Operations -------------------------------------------------------------------------------------------------------
    def start(self, begin: Callable[[Any, Any], int], waiter: Any) -> int:
        """Begins an operation; `waiter` is settled when it ends, never before this returns."""
        operation, error = c_int64(), c_void_p()
        with self.lock:
            self.check(begin(byref(operation), byref(error)), error)
            self._pending[operation.value] = waiter
        return operation.value

    def cancel(self, operation: int) -> None:
        with self.lock:
            if self._client is not None:
                self.lib.client_cancel(self._client, operation)

    def completed(self, event: Event) -> None:
        with self.lock:
            waiter = self._pending.pop(event.operation, None)
            if waiter is not None:
                self._settle(waiter, event, self.explain(event.error) if event.error else None)

    def open_account(self, key: str) -> AccountHandle:
        account, error = c_void_p(), c_void_p()
        with self.lock:
            self.check(self.lib.account_open(self.handle(), encode(key, "the account's name"), byref(account), byref(error)), error)
        assert account.value is not None
        return AccountHandle(self, account.value)


class AccountHandle:
    """One account of the library, and what never waits."""

    def __init__(self, core: Core, account: int) -> None:
        self.core = core
        self._account: Optional[int] = account
        self._end = weakref.finalize(self, core.lib.account_close, account)
        self._end.atexit = False

    def handle(self) -> int:
        if self._account is None:
            raise make_error(Code.CLOSED, "the account has been closed")
        return self._account

    def close(self) -> None:
        with self.core.lock:
            self._account = None
            self._end()

    def start(self, name: str, waiter: Any, *arguments: Any) -> int:
        begin = getattr(self.core.lib, f"account_{name}_start")
        return self.core.start(lambda operation, error: begin(self.handle(), *arguments, operation, error), waiter)

    def call(self, name: str, *arguments: Any) -> int:
        error = c_void_p()
        with self.core.lock:
            result = getattr(self.core.lib, "account_" + name)(self.handle(), *arguments, byref(error))
            return self.core.check(result, error)

    def status(self) -> Status:
        status = c_void_p()
        self.call("status", byref(status))
        assert status.value is not None
        try:
            return copy_status(status.value)
        finally:
            self.core.lib.status_free(status)

    def last_error(self) -> Optional[EcoauthError]:
        error = c_void_p()
        with self.core.lock:
            result = self.core.lib.account_last_error(self.handle(), byref(error))
        if result == Code.NOT_FOUND:
            return None
        return take_error(result if result < 0 else Code.INTERNAL, error)

    def generation(self) -> int:
        with self.core.lock:
            return max(0, int(self.core.lib.account_generation(self.handle())))

    def token_in_memory(self) -> Optional[str]:
        size, needed = 2048, c_size_t()
        while True:
            buffer = ctypes.create_string_buffer(size)
            with self.core.lock:
                result = self.core.lib.account_copy_token(self.handle(), buffer, size, byref(needed), None)
            if result != Code.BUFFER_TOO_SMALL:
                return buffer.value.decode("ascii") if result >= 0 else None
            size = needed.value


CLOSED_EVENT = Event(kind=EventKind.CLOSED, account="", operation=0, result=Code.CLOSED, error=None, pin=None, remaining=0,
                     state=GrantState.NONE, flags=Flag(0), generation=0, text="", log_level=LogLevel.NONE, dropped=0, token=None,
                     response=None, data=None)


def refuse_inside_callback() -> None:
    """What waits inside a callback would wait for itself."""
    if getattr(inside, "callback", False):
        raise make_error(Code.REENTRANT, "a call that waits was made from inside a callback")


@atexit.register
def _close_all() -> None:
    for core in list(_open_cores):
        if core.pid == os.getpid():
            (core.closer or core.free)()


def _after_fork() -> None:
    """The child has none of the parent's threads: locks that they held would never be released."""
    for core in list(_open_cores):
        core.renew_lock()


os.register_at_fork(after_in_child=_after_fork)
