"""Every number of the headers, read from the headers themselves, has its place in Python."""

from __future__ import annotations

import os
import pathlib
import re
from enum import Enum
from typing import Dict, Type

import pytest

import ecoauth
from ecoauth import _errors, _values
from ecoauth._library import load_library

HEADERS = pathlib.Path(os.environ["ECOAUTH_HEADERS"]) / "ecoauth"


def numbers(header: str, prefix: str) -> Dict[str, int]:
    text = (HEADERS / header).read_text(encoding="ascii")
    return {name: int(number) for name, number in re.findall(rf"^#define {prefix}([A-Z_]+) \(?(-?\d+)\)?$", text, re.M)}


def members(enum: Type[Enum]) -> Dict[str, int]:
    return {member.name: int(member.value) for member in enum}


@pytest.mark.scenario("errors")
def test_every_result_code() -> None:
    codes = numbers("error.h", "ECOAUTH_ERROR_")
    assert len(codes) >= 36
    successes = {name: number for name, number in numbers("error.h", "ECOAUTH_").items() if not name.startswith(("ERROR_", "ACTION_"))}
    assert members(ecoauth.Code) == {**codes, **successes}
    library = load_library()
    for name, number in {**codes, **successes}.items():
        assert library.result_name(number).decode() == name
    own = {"CANCELLED": ecoauth.CancelledError, "TIMEOUT": ecoauth.TimedOut, "CLOSED": ecoauth.ClosedError, "FORKED": ecoauth.ForkedError}
    for name, number in codes.items():
        for action in ecoauth.Action:
            error = _errors.make_error(number, "text", action)
            assert type(error) is own.get(name, _errors.BY_ACTION[action])
            assert (error.name, error.code, error.action, str(error)) == (name, number, action, "text")


@pytest.mark.scenario("errors")
def test_every_action_has_a_class_of_its_own() -> None:
    actions = numbers("error.h", "ECOAUTH_ACTION_")
    assert members(ecoauth.Action) == actions
    assert set(_errors.BY_ACTION) == set(ecoauth.Action) and len(set(_errors.BY_ACTION.values())) == len(actions)
    for name, number in actions.items():
        assert load_library().action_name(number).decode() == name


@pytest.mark.scenario("errors")
def test_every_kind_state_flag_and_level() -> None:
    for header, prefix, enum in (
            ("event.h", "ECOAUTH_EVENT_", ecoauth.EventKind), ("event.h", "ECOAUTH_LOG_", ecoauth.LogLevel),
            ("status.h", "ECOAUTH_GRANT_", ecoauth.GrantState), ("status.h", "ECOAUTH_FLAG_", ecoauth.Flag),
            ("options.h", "ECOAUTH_KEEP_FRESH_", ecoauth.KeepFresh), ("options.h", "ECOAUTH_ROLE_", ecoauth.Role),
            ("options.h", "ECOAUTH_POLLING_", ecoauth.Polling), ("options.h", "ECOAUTH_PARAMETERS_", ecoauth.ParameterStyle),
            ("account.h", "ECOAUTH_FLOW_", ecoauth.Flow)):
        assert members(enum) == numbers(header, prefix), enum
    for state in ecoauth.GrantState:
        assert load_library().state_name(state).decode() == state.name


@pytest.mark.scenario("errors")
def test_errors_made_in_python_have_the_actions_of_the_library() -> None:
    with ecoauth.Client(ecoauth.MemoryStore()) as client:
        account = client.account()
        with pytest.raises(ecoauth.ConfigError) as bad_header:
            account.request("GET", "/", headers={"A": "b\nc"})
        assert bad_header.value.code == ecoauth.Code.INVALID_ARGUMENT
        with pytest.raises(ecoauth.TimedOut) as late:
            account.wait_for_change(9, timeout=0)
        assert late.value.action == ecoauth.Action.RETRY
    with pytest.raises(ecoauth.ClosedError) as closed:
        client.account()
    assert closed.value.action == ecoauth.Action.FIX_CONFIG


@pytest.mark.scenario("errors")
def test_numbers_of_a_later_library() -> None:
    error = _errors.make_error(-9999, "", 99)
    assert type(error) is ecoauth.UserActionError and error.code == -9999 and error.name == "UNKNOWN"
    assert ecoauth.GrantState(99) == ecoauth.GrantState.SUSPECT
    assert int(ecoauth.Flag(64 | 1)) == 65
    assert _errors.known_code(99) == 99  # positive: a success with something to tell


def test_every_function_of_the_map_that_is_called_is_there() -> None:
    """And those that are not called are known: blocking forms, dispatch and callbacks are for other languages."""
    declared = {name[len("ecoauth_"):] for header in HEADERS.glob("*.h")
                for name in re.findall(r"^ECOAUTH_EXPORT .*?(ecoauth_[a-z_]+)\(", header.read_text(encoding="ascii"), re.M)}
    used = set(vars(load_library())) - {"cdll", "path"}
    assert used <= declared
    blocking = {name[:-len("_start")] for name in used if name.startswith("account_") and name.endswith("_start")}
    left_out = {"account_authorization_header", "account_request", "account_request_start", "client_dispatch",
                "options_set_event_callback", "options_set_log_callback", "options_set_pin_callback",
                "options_set_wakeup_callback", "response_free", "token_free"}
    assert declared - used - blocking == left_out


def test_values_are_plain() -> None:
    token = _values.Token("abc", "Bearer abc", 1, 2.0, "smartRead")
    with pytest.raises(AttributeError):
        token.generation = 2  # type: ignore[misc]
