"""Errors: one class per action, which is what a program can do about it."""

from __future__ import annotations

from ctypes import c_void_p
from enum import IntEnum
from typing import Any, Optional

from ._library import load_library, text


class Code(IntEnum):
    """Result codes. Later libraries may add some; an error's `code` is then a plain int."""

    OK = 0
    ALREADY_DONE = 1
    PENDING = 2
    UNSAVED_BUT_USABLE = 3
    INVALID_ARGUMENT = -1
    WRONG_STATE = -2
    NO_MEMORY = -3
    INTERNAL = -4
    CANCELLED = -5
    TIMEOUT = -6
    REENTRANT = -7
    FORKED = -8
    CLOSED = -9
    UNSUPPORTED = -10
    NOT_FOUND = -11
    BUFFER_TOO_SMALL = -12
    NEEDS_AUTHORIZATION = -100
    PIN_EXPIRED = -101
    DECLINED = -102
    INVALID_CLIENT = -103
    UNAUTHORIZED_CLIENT = -104
    SCOPE = -105
    REJECTED = -106
    ACCOUNT_LOCKED = -107
    ACCOUNT_DISABLED = -108
    SERVER = -109
    RATE_LIMITED = -110
    REVOKED = -111
    PROTOCOL = -112
    NETWORK = -200
    TLS = -201
    CLOCK = -202
    CALLBACK = -300
    STORE = -301
    STORE_PERMISSION = -302
    STORE_LOCKED = -303
    STORE_CORRUPT = -304
    STORE_NEWER = -305
    STORE_FOREIGN = -306
    UNSAVED = -307


class Action(IntEnum):
    """What a program can do. An unknown one counts as USER_ACTION."""

    NONE = 0
    WAIT = 1
    RETRY = 2
    REAUTHORIZE = 3
    USER_ACTION = 4
    FIX_CONFIG = 5
    FIX_STORAGE = 6
    BUG = 7


class EcoauthError(Exception):
    """A failed call, explained. `str()` says what happened, `advice` what a person can do, the class what a program can."""

    def __init__(self, message: str, *, code: int = Code.INTERNAL, action: Action = Action.NONE, advice: str = "",
                 retry_after: float = 0.0, oauth_error: str = "", oauth_description: str = "", oauth_uri: str = "",
                 http_status: Optional[int] = None, api_status: Optional[int] = None) -> None:
        super().__init__(message)
        self.message = message
        self.code: int = code
        self.action = action
        self.advice = advice
        #: Seconds to wait before the next try.
        self.retry_after = retry_after
        self.oauth_error = oauth_error
        self.oauth_description = oauth_description
        self.oauth_uri = oauth_uri
        self.http_status = http_status
        self.api_status = api_status

    @property
    def name(self) -> str:
        """The code's name, "PIN_EXPIRED"."""
        return Code(self.code).name if self.code in Code._value2member_map_ else "UNKNOWN"


class WaitError(EcoauthError):
    """Go on waiting; the library does it by itself."""


class RetryError(EcoauthError):
    """Try again, not before `retry_after` seconds."""


class ReauthorizeError(EcoauthError):
    """A person must authorize again."""


class UserActionError(EcoauthError):
    """A person must do what `advice` says."""


class ConfigError(EcoauthError):
    """The configuration is wrong."""


class StorageError(EcoauthError):
    """The store needs attention. What a store of the program has raised is its `__cause__`."""


class DefectError(EcoauthError):
    """A defect: report it."""


class CancelledError(EcoauthError):
    """Ended by cancel() or by closing the client."""


class TimedOut(EcoauthError, TimeoutError):
    """The time given to the call is over."""


class ClosedError(EcoauthError):
    """The client or account has been closed."""


class ForkedError(EcoauthError):
    """The process forked after the client was made: make a new client in the child."""


BY_ACTION: dict[Action, type[EcoauthError]] = {
    Action.NONE: EcoauthError,
    Action.WAIT: WaitError,
    Action.RETRY: RetryError,
    Action.REAUTHORIZE: ReauthorizeError,
    Action.USER_ACTION: UserActionError,
    Action.FIX_CONFIG: ConfigError,
    Action.FIX_STORAGE: StorageError,
    Action.BUG: DefectError,
}
#: Codes that the language has a word for of its own, whatever their action.
BY_CODE: dict[int, type[EcoauthError]] = {
    Code.CANCELLED: CancelledError,
    Code.TIMEOUT: TimedOut,
    Code.CLOSED: ClosedError,
    Code.FORKED: ForkedError,
}

#: The actions of errors that are made here and not in the library, as in <ecoauth/error.h>.
ACTIONS_HERE: dict[int, Action] = {
    Code.INVALID_ARGUMENT: Action.FIX_CONFIG,
    Code.REENTRANT: Action.FIX_CONFIG,
    Code.FORKED: Action.FIX_CONFIG,
    Code.CLOSED: Action.FIX_CONFIG,
    Code.TIMEOUT: Action.RETRY,
}


def error_class(code: int, action: Action) -> type[EcoauthError]:
    return BY_CODE.get(code) or BY_ACTION[action]


def known_code(number: int) -> int:
    return Code(number) if number in Code._value2member_map_ else number


def known_action(number: int) -> Action:
    return Action(number) if number in Action._value2member_map_ else Action.USER_ACTION


def make_error(code: int, message: str = "", action: Optional[int] = None, **more: Any) -> EcoauthError:
    known = ACTIONS_HERE.get(code, Action.NONE) if action is None else known_action(action)
    return error_class(code, known)(message or text(load_library().result_name(code)), code=known_code(code), action=known, **more)


def copy_error(code: int, error: Optional[int]) -> EcoauthError:
    """From the library's error object, which is left alone; there may be none when memory was short."""
    if not error:
        return make_error(code)
    lib = load_library()
    http, api = lib.error_http_status(error), lib.error_api_status(error)
    return make_error(lib.error_code(error), text(lib.error_message(error)), lib.error_action(error),
                      advice=text(lib.error_advice(error)), retry_after=lib.error_retry_after_ms(error) / 1000,
                      oauth_error=text(lib.error_oauth_error(error)), oauth_description=text(lib.error_oauth_description(error)),
                      oauth_uri=text(lib.error_oauth_uri(error)), http_status=http or None, api_status=api if api >= 0 else None)


def take_error(code: int, error: c_void_p) -> EcoauthError:
    """The same, and releases it."""
    try:
        return copy_error(code, error.value)
    finally:
        load_library().error_free(error)
