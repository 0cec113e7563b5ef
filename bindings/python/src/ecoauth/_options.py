"""The settings of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, TypedDict

from ._errors import Code, make_error
from ._library import load_library
from ._stores import AnyStore, Thrown, _Seal, make_store
from ._values import KeepFresh, LogLevel, ParameterStyle, Polling, Role

if TYPE_CHECKING:
    from typing_extensions import Unpack

DISPATCH_POLL = 2
FOREVER_MS = -1


class ClientOptions(TypedDict, total=False):
    """The keyword arguments of a client beside its store and handlers. None means the library's default; times are seconds.
    <ecoauth/options.h> says what each does."""

    client_id: Optional[str]
    scope: Optional[str]
    base_url: Optional[str]
    user_agent: Optional[str]
    ca_file: Optional[str]
    proxy: Optional[str]
    token_format: Optional[str]
    verification_url: Optional[str]
    log_level: Optional[LogLevel]
    keep_fresh: Optional[KeepFresh]
    role: Optional[Role]
    polling: Optional[Polling]
    parameter_style: Optional[ParameterStyle]
    request_timeout: Optional[float]
    connect_timeout: Optional[float]
    shutdown_timeout: Optional[float]
    #: First and last percent of a token's life between which it is refreshed in the background.
    advisory_window: Optional[tuple[int, int]]
    #: Seconds, and percent of its life, before a token's end.
    mandatory_window: Optional[tuple[float, int]]
    #: Encrypts records with keys that are kept elsewhere.
    seal: Optional[_Seal]


class Options:
    """Makes the library's options of them."""

    _TEXTS = ("client_id", "scope", "base_url", "user_agent", "ca_file", "proxy", "token_format", "verification_url")
    _NUMBERS = ("log_level", "keep_fresh", "role", "polling", "parameter_style")
    _TIMES = ("request_timeout", "connect_timeout", "shutdown_timeout")

    def __init__(self, store: AnyStore, **options: Unpack[ClientOptions]) -> None:
        unknown = options.keys() - ClientOptions.__annotations__.keys()
        if unknown:
            raise TypeError(f"there is no option {min(unknown)}")
        self.store = store
        self.values: dict[str, Any] = {name: value for name, value in options.items() if value is not None}

    def build(self) -> tuple[int, Optional[Thrown]]:
        """The library's options. Whoever gets them gives them to client_new(), which tells what they refused."""
        lib = load_library()
        options = lib.options_new()
        try:
            store, thrown = make_store(self.store, self.values.get("seal"))
            lib.options_set_store(options, store)
            lib.options_set_dispatch(options, DISPATCH_POLL)
            for name, value in self.values.items():
                if name in self._TEXTS:
                    _setter(name)(options, encode(value, name))
                elif name in self._TIMES:
                    _setter(name + "_ms")(options, milliseconds(value))
                elif name in self._NUMBERS:
                    _setter(name)(options, int(value))
                elif name == "advisory_window":
                    lib.options_set_advisory_window(options, *value)
                elif name == "mandatory_window":
                    left, percent = value
                    lib.options_set_mandatory_window(options, milliseconds(left), percent)
        except BaseException:
            lib.options_free(options)
            raise
        return options, thrown


def _setter(name: str) -> Any:
    return getattr(load_library(), "options_set_" + name)


def milliseconds(seconds: Optional[float]) -> int:
    return FOREVER_MS if seconds is None else max(0, int(seconds * 1000))


def encode(value: str, name: str) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"{name} is a str, not {type(value).__name__}")
    encoded = value.encode("utf-8")
    if b"\0" in encoded:
        raise make_error(Code.INVALID_ARGUMENT, f"{name} holds a NUL character")
    return encoded
