"""What calls and events hand over, as plain values. Secrets do not show in their text forms."""

from __future__ import annotations

import ctypes
import json
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any, Optional

from ._errors import EcoauthError, copy_error, known_code
from ._library import load_library, text


class EventKind(IntEnum):
    PIN = 1
    PROGRESS = 2
    STATE = 3
    TOKEN = 4
    COMPLETED = 5
    LOG = 6
    UNSAVED = 7
    CLOSED = 8


class GrantState(IntEnum):
    NONE = 0
    ACTIVE = 1
    SUSPECT = 2
    NEEDS_REAUTHORIZATION = 3
    BLOCKED = 4

    @classmethod
    def _missing_(cls, value: object) -> GrantState:
        return cls.SUSPECT  # of a later library


class Flag(IntFlag):
    AUTHORIZING = 1
    REFRESHING = 2
    AMBIGUOUS = 4
    UNSAVED = 8
    DEGRADED = 16
    CLOCK_SUSPECT = 32


class LogLevel(IntEnum):
    NONE = 0
    ERROR = 1
    WARNING = 2
    INFO = 3
    DEBUG = 4
    TRACE = 5


class KeepFresh(IntEnum):
    ON_DEMAND = 0
    ALWAYS = 1


class Role(IntEnum):
    OWNER = 0
    FOLLOWER = 1


class Polling(IntEnum):
    AUTO = 0
    ON_DEMAND = 1


class ParameterStyle(IntEnum):
    BODY = 0
    QUERY = 1


class Flow(IntEnum):
    CODE = 1
    CODE_PKCE = 2
    UTILITY = 3


@dataclass(frozen=True)
class Pin:
    """A PIN to show, exactly as the server sent it."""

    account: str
    pin: str = field(repr=False)
    verification_url: str
    #: Seconds until it expires.
    remaining: float
    scope: str


@dataclass(frozen=True)
class Token:
    """An access token. Python cannot wipe its memory: let go of it soon."""

    access_token: str = field(repr=False)
    #: The whole value of an Authorization header.
    authorization_header: str = field(repr=False)
    #: For Account.report_rejected().
    generation: int
    #: Seconds it was still valid for when it was handed out.
    valid_for: float
    scope: str
    #: False while the newest token pair could not be saved yet.
    saved: bool = True


@dataclass(frozen=True)
class Response:
    """The API's answer to an authorized request."""

    http_status: int
    api_status: Optional[int]
    body: bytes = field(repr=False)
    content_type: str

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Status:
    """What an account looked like at one moment; times are seconds."""

    revision: int
    state: GrantState
    reason: str
    flags: Flag
    generation: int
    token_valid_for: float
    token_age: Optional[float]
    next_try: Optional[float]
    pin_valid_for: float
    scope_granted: str
    scope_asked: str
    scope_satisfied: Optional[bool]
    account: str
    origin: str
    client_fingerprint: str
    store: str
    seal: str


@dataclass(frozen=True)
class Event:
    """Something that happened. Which members mean something depends on the kind (<ecoauth/event.h>)."""

    kind: int
    account: str
    operation: int
    result: int
    error: Optional[EcoauthError]
    pin: Optional[Pin]
    remaining: float
    state: GrantState
    flags: Flag
    generation: int
    text: str = field(repr=False)
    log_level: LogLevel
    dropped: int
    token: Optional[Token]
    response: Optional[Response]
    #: UNSAVED: the record, a secret.
    data: Optional[bytes] = field(repr=False)


def copy_token(token: int, result: int) -> Token:
    lib = load_library()
    return Token(text(lib.token_access_token(token)), text(lib.token_authorization_header(token)), lib.token_generation(token),
                 lib.token_valid_ms(token) / 1000, text(lib.token_scope(token)), saved=result == 0)


def copy_response(response: int) -> Response:
    lib = load_library()
    api = lib.response_api_status(response)
    body = ctypes.string_at(lib.response_body(response), lib.response_body_bytes(response))
    return Response(lib.response_http_status(response), api if api >= 0 else None, body, text(lib.response_content_type(response)))


def copy_status(status: int) -> Status:
    lib = load_library()
    age, next_try, satisfied = lib.status_token_age_ms(status), lib.status_next_try_ms(status), lib.status_scope_satisfied(status)
    return Status(
        revision=lib.status_revision(status), state=GrantState(lib.status_grant_state(status)), reason=text(lib.status_reason(status)),
        flags=Flag(lib.status_flags(status)), generation=lib.status_generation(status),
        token_valid_for=lib.status_token_valid_ms(status) / 1000, token_age=age / 1000 if age >= 0 else None,
        next_try=next_try / 1000 if next_try >= 0 else None, pin_valid_for=lib.status_pin_valid_ms(status) / 1000,
        scope_granted=text(lib.status_scope_granted(status)), scope_asked=text(lib.status_scope_asked(status)),
        scope_satisfied=bool(satisfied) if satisfied >= 0 else None, account=text(lib.status_account_key(status)),
        origin=text(lib.status_origin(status)), client_fingerprint=text(lib.status_client_fingerprint(status)),
        store=text(lib.status_store(status)), seal=text(lib.status_seal(status)))


def copy_event(event: int) -> Event:
    lib = load_library()
    kind, account, result = lib.event_kind(event), text(lib.event_account_key(event)), lib.event_result(event)
    remaining, words = lib.event_remaining_ms(event) / 1000, text(lib.event_text(event))
    error, token, response, data = lib.event_error(event), lib.event_token(event), lib.event_response(event), lib.event_data(event)
    level = lib.event_log_level(event)
    pin = None
    if kind == EventKind.PIN:
        pin = Pin(account, text(lib.event_pin(event)), text(lib.event_verification_url(event)), remaining, words)
    failed = error or result < 0
    return Event(
        kind=EventKind(kind) if kind in EventKind._value2member_map_ else kind, account=account,
        operation=lib.event_operation(event), result=known_code(result), error=copy_error(result, error) if failed else None, pin=pin,
        remaining=remaining, state=GrantState(lib.event_state(event)), flags=Flag(lib.event_flags(event)),
        generation=lib.event_generation(event), text=words,
        log_level=LogLevel(level) if level in LogLevel._value2member_map_ else LogLevel.TRACE, dropped=lib.event_dropped(event),
        token=copy_token(token, result) if token else None, response=copy_response(response) if response else None,
        data=ctypes.string_at(data, lib.event_data_bytes(event)) if data else None)
