"""Keeps the right to talk to a user's ecobee thermostats: PIN authorization, token storage, refresh.

`Client` and `Account` are for programs with threads, `ecoauth.aio` has the same for asyncio. `ecoauth.requests_auth` and
`ecoauth.httpx_auth` authenticate requests of those libraries.
"""

from __future__ import annotations

from typing import Optional

from . import aio
from ._errors import (Action, CancelledError, ClosedError, Code, ConfigError, DefectError, EcoauthError, ForkedError, ReauthorizeError,
                      RetryError, StorageError, TimedOut, UserActionError, WaitError)
from ._library import load_library
from ._options import ClientOptions
from ._stores import (FileStore, LockingStore, MemoryStore, RetryLater, SealDescriptor, SealFile, SealKeyring, SealKeys, Store)
from ._sync import Account, Client
from ._values import (Event, EventKind, Flag, Flow, GrantState, KeepFresh, LogLevel, ParameterStyle, Pin, Polling, Response, Role, Status,
                      Token)
from ._version import __version__

__all__ = [
    "Account", "Action", "CancelledError", "Client", "ClientOptions", "ClosedError", "Code", "ConfigError", "DefectError",
    "EcoauthError", "Event", "EventKind", "FileStore", "Flag", "Flow", "ForkedError", "GrantState", "KeepFresh", "LockingStore",
    "LogLevel", "MemoryStore", "ParameterStyle", "Pin", "Polling", "ReauthorizeError", "Response", "RetryError", "RetryLater", "Role",
    "SealDescriptor", "SealFile", "SealKeyring", "SealKeys", "Status", "StorageError", "Store", "TimedOut", "Token",
    "UserActionError", "WaitError", "__version__", "aio", "has_feature", "library_version", "load_library", "runtime_info",
]


def library_version() -> str:
    """The version of the loaded library."""
    return str(load_library().version_string().decode("ascii"))


def has_feature(name: str) -> bool:
    """Whether this build of the library can do it: "pin", "code", "utility", "import", "self-contained", ..."""
    return bool(load_library().has_feature(name.encode("utf-8")))


def runtime_info(what: str) -> Optional[str]:
    """What the library runs on: "poco", "openssl", or the files that provide them, "poco-file", "openssl-file"."""
    value = load_library().runtime_info(what.encode("utf-8"))
    return None if value is None else str(value.decode("utf-8", "replace"))
