"""Where tokens are kept: files, memory, or a class of the program's own.

The functions that the library gets are made once and never collected. `user_data` is a number; what it stands for is looked up here
and kept until the library's finalizer runs, whatever the program still holds.
"""

from __future__ import annotations

import ctypes
import itertools
import logging
import os
import threading
from abc import ABC, abstractmethod
from typing import Any, Callable, Iterable, Optional, Union

from . import _library as c
from ._errors import Code, make_error
from ._library import load_library

log = logging.getLogger("ecoauth")

OK, NOT_FOUND, CONFLICT, RETRY, FATAL = range(5)


class RetryLater(Exception):
    """Raised by a store's method: failed for now, nothing was changed; the library tries again."""


class Store(ABC):
    """A store of the program's own. Methods are called on library threads, one at a time per account, and may block. A record is a
    secret. What a method raises ends the call with a StorageError whose `__cause__` it is."""

    @abstractmethod
    def load(self, key: str) -> Optional[bytes]:
        """The record, or None when there is none. Damage must be raised, never be None."""

    @abstractmethod
    def save(self, key: str, expected_seq: int, record: bytes, new_seq: int) -> bool:
        """Replaces the record if the stored one has `expected_seq` (0: there is none), durably. False: it has another."""

    @abstractmethod
    def erase(self, key: str) -> None:
        """Forgets the record, durably; nothing to do when there is none."""

    def list(self) -> Iterable[str]:
        """The keys that have a record. Stores that do without cannot say which accounts they have."""
        raise NotImplementedError


class LockingStore(Store):
    """A store that several processes may share."""

    @abstractmethod
    def lock(self, key: str, timeout: float) -> bool:
        """Takes the right to refresh this record for this process; False when another holds it. Must end with the process."""

    @abstractmethod
    def unlock(self, key: str) -> None:
        """Gives it back."""


class _Seal:
    def apply(self, store: int) -> int:
        raise NotImplementedError


class SealFile(_Seal):
    """Seals with keys of a file, lines of 64 hex digits; only its owner may read it."""

    def __init__(self, path: Union[str, os.PathLike[str]]) -> None:
        self.path = os.fspath(path)

    def apply(self, store: int) -> int:
        return int(load_library().store_seal_with_file(store, os.fsencode(self.path)))


class SealDescriptor(_Seal):
    """Seals with keys that are read from a file descriptor, once."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def apply(self, store: int) -> int:
        return int(load_library().store_seal_with_fd(store, self.fd))


class SealKeyring(_Seal):
    """Seals with a key that the user's keyring keeps (the Secret Service)."""

    def __init__(self, label: Optional[str] = None, bus_address: Optional[str] = None) -> None:
        self.label, self.bus_address = label, bus_address

    def apply(self, store: int) -> int:
        encoded = [None if each is None else each.encode() for each in (self.label, self.bus_address)]
        return int(load_library().store_seal_with_secret_service(store, *encoded))


class SealKeys(_Seal):
    """Seals with keys that a function hands over: 32 bytes for an id, the current one for None; None when there is no such key.
    It is called on library threads."""

    def __init__(self, key_of: Callable[[Optional[str]], Optional[bytes]]) -> None:
        self.key_of = key_of

    def apply(self, store: int) -> int:
        lib = load_library()
        return int(lib.store_seal_with_callback(store, _SEAL_KEY, _keep(self.key_of), _FINALIZER))


class FileStore:
    """A folder with one file per record, shared safely between processes of one machine. `allow_network` lets it refresh also on a
    network file system, where its locks may not keep another machine from doing the same: only when one machine uses it."""

    def __init__(self, folder: Union[str, os.PathLike[str]], *, seal: Optional[_Seal] = None, allow_network: bool = False) -> None:
        self.folder, self.seal, self.allow_network = os.fspath(folder), seal, allow_network


class MemoryStore:
    """Lasts as long as the client."""

    seal: Optional[_Seal] = None


AnyStore = Union[Store, FileStore, MemoryStore]


def make_store(store: AnyStore, seal: Optional[_Seal] = None) -> tuple[int, Optional[Thrown]]:
    """The library's store, and where what a store of the program raises is kept."""
    lib = load_library()
    thrown = None
    if isinstance(store, FileStore):
        made = lib.store_new_file(os.fsencode(store.folder))
        seal = seal or store.seal
        if made and store.allow_network:
            lib.store_allow_network(made)
    elif isinstance(store, MemoryStore):
        made = lib.store_new_memory()
    elif isinstance(store, Store):
        thrown = Thrown()
        locks = isinstance(store, LockingStore)
        made = lib.store_new_callbacks(_keep((store, thrown)), _FINALIZER, _LOAD, _SAVE, _ERASE,
                                       _LIST if type(store).list is not Store.list else c.LIST(), _LOCK if locks else c.LOCK(),
                                       _UNLOCK if locks else c.UNLOCK())
    else:
        raise TypeError(f"a store is a FileStore, a MemoryStore or derived from Store, not {type(store).__name__}")
    if not made:
        raise make_error(Code.INVALID_ARGUMENT, "the store was refused")
    if seal is not None:
        result = seal.apply(made)
        if result < 0:
            lib.store_free(made)
            raise make_error(result, "the seal was refused")
    return made, thrown


# --- What the library is given --------------------------------------------------------------------------------------------
class Thrown:
    """The last exception of a store's method, to be put behind the error that comes of it."""

    def __init__(self) -> None:
        self._last: Optional[BaseException] = None

    def keep(self, error: BaseException) -> None:
        self._last = error

    def take(self) -> Optional[BaseException]:
        last, self._last = self._last, None
        return last


_kept: dict[int, Any] = {}
_numbers = itertools.count(1)
inside = threading.local()


def _keep(thing: Any) -> int:
    number = next(_numbers)
    _kept[number] = thing
    return number


def _finalizer(user_data: int) -> None:
    _kept.pop(user_data, None)


def kept_count() -> int:
    """How many things the library holds; for tests."""
    return len(_kept)


def _call(user_data: int, name: str, method: Callable[[Any], int]) -> int:
    store, thrown = _kept[user_data]
    inside.callback = True
    try:
        return method(store)
    except RetryLater as error:
        thrown.keep(error)
        return RETRY
    except BaseException as error:  # nothing may pass into the library
        thrown.keep(error)
        log.error("the store's %s() raised an exception", name, exc_info=error)
        return FATAL
    finally:
        inside.callback = False


def _hand_over(blob: int, data: bytes) -> int:
    return OK if load_library().blob_set(blob, data, len(data)) == 0 else RETRY


def _load(user_data: int, key: bytes, blob: int) -> int:
    def load(store: Store) -> int:
        record = store.load(key.decode("ascii"))
        return NOT_FOUND if record is None else _hand_over(blob, bytes(record))

    return _call(user_data, "load", load)


def _save(user_data: int, key: bytes, expected_seq: int, data: int, size_bytes: int, new_seq: int) -> int:
    def save(store: Store) -> int:
        record = ctypes.string_at(data, size_bytes)
        return OK if store.save(key.decode("ascii"), expected_seq, record, new_seq) else CONFLICT

    return _call(user_data, "save", save)


def _erase(user_data: int, key: bytes) -> int:
    def erase(store: Store) -> int:
        store.erase(key.decode("ascii"))
        return OK

    return _call(user_data, "erase", erase)


def _list(user_data: int, blob: int) -> int:
    def list_keys(store: Store) -> int:
        return _hand_over(blob, "\n".join(store.list()).encode("ascii"))

    return _call(user_data, "list", list_keys)


def _lock(user_data: int, key: bytes, timeout_ms: int) -> int:
    def lock(store: LockingStore) -> int:
        return OK if store.lock(key.decode("ascii"), timeout_ms / 1000) else CONFLICT

    return _call(user_data, "lock", lock)


def _unlock(user_data: int, key: bytes) -> None:
    def unlock(store: LockingStore) -> int:
        store.unlock(key.decode("ascii"))
        return OK

    _call(user_data, "unlock", unlock)


def _seal_key(user_data: int, key_id: Optional[bytes], blob: int) -> int:
    try:
        key = _kept[user_data](None if key_id is None else key_id.decode("ascii"))
        return NOT_FOUND if key is None else _hand_over(blob, bytes(key))
    except BaseException as error:
        log.error("the function that hands over keys raised an exception", exc_info=error)
        return FATAL


# Made once and never collected.
_FINALIZER = c.FINALIZER(_finalizer)
_LOAD = c.LOAD(_load)
_SAVE = c.SAVE(_save)
_ERASE = c.ERASE(_erase)
_LIST = c.LIST(_list)
_LOCK = c.LOCK(_lock)
_UNLOCK = c.UNLOCK(_unlock)
_SEAL_KEY = c.SEAL_KEY(_seal_key)
