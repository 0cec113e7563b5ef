"""Finds and loads the library, and declares the functions of the C interface that this package calls.

Everything is declared once, here: a forgotten result type would cut pointers in half.
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int32, c_int64, c_size_t, c_void_p
from typing import Any, Optional

from ._version import OLDEST_LIBRARY

SONAME = "libecoauth.so.0"

LOAD = CFUNCTYPE(c_int32, c_void_p, c_char_p, c_void_p)
SAVE = CFUNCTYPE(c_int32, c_void_p, c_char_p, c_int64, c_void_p, c_size_t, c_int64)
ERASE = CFUNCTYPE(c_int32, c_void_p, c_char_p)
LIST = CFUNCTYPE(c_int32, c_void_p, c_void_p)
LOCK = CFUNCTYPE(c_int32, c_void_p, c_char_p, c_int64)
UNLOCK = CFUNCTYPE(None, c_void_p, c_char_p)
FINALIZER = CFUNCTYPE(None, c_void_p)
SEAL_KEY = CFUNCTYPE(c_int32, c_void_p, c_char_p, c_void_p)

_HANDLE, _OUT_HANDLE, _ERROR = c_void_p, POINTER(c_void_p), POINTER(c_void_p)
_OPERATION = POINTER(c_int64)

# name without prefix -> (result type, argument types)
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "version": (c_int32, []),
    "version_string": (c_char_p, []),
    "has_feature": (c_int32, [c_char_p]),
    "runtime_info": (c_char_p, [c_char_p]),
    "result_name": (c_char_p, [c_int32]),
    "action_name": (c_char_p, [c_int32]),
    "state_name": (c_char_p, [c_int32]),
    "options_new": (c_void_p, []),
    "options_free": (None, [_HANDLE]),
    "options_set_store": (c_int32, [_HANDLE, _HANDLE]),
    "options_set_advisory_window": (c_int32, [_HANDLE, c_int32, c_int32]),
    "options_set_mandatory_window": (c_int32, [_HANDLE, c_int64, c_int32]),
    "store_new_memory": (c_void_p, []),
    "store_new_file": (c_void_p, [c_char_p]),
    "store_new_callbacks": (c_void_p, [c_void_p, FINALIZER, LOAD, SAVE, ERASE, LIST, LOCK, UNLOCK]),
    "store_seal_with_callback": (c_int32, [_HANDLE, SEAL_KEY, c_void_p, FINALIZER]),
    "store_seal_with_fd": (c_int32, [_HANDLE, c_int32]),
    "store_seal_with_file": (c_int32, [_HANDLE, c_char_p]),
    "store_seal_with_secret_service": (c_int32, [_HANDLE, c_char_p, c_char_p]),
    "store_allow_network": (c_int32, [_HANDLE]),
    "store_free": (None, [_HANDLE]),
    "blob_set": (c_int32, [c_void_p, c_void_p, c_size_t]),
    "client_new": (c_int32, [_HANDLE, _OUT_HANDLE, _ERROR]),
    "client_free": (None, [_HANDLE]),
    "client_close_start": (c_int32, [_HANDLE, _ERROR]),
    "client_quiesce": (c_int32, [_HANDLE, c_int64, _ERROR]),
    "client_next_event": (c_int32, [_HANDLE, c_int64, _OUT_HANDLE, _ERROR]),
    "client_wakeup_fd": (c_int32, [_HANDLE, POINTER(c_int32), _ERROR]),
    "client_cancel": (c_int32, [_HANDLE, c_int64]),
    "client_accounts": (c_int32, [_HANDLE, c_int64, _OUT_HANDLE, _ERROR]),
    "account_list_size": (c_size_t, [_HANDLE]),
    "account_list_key": (c_char_p, [_HANDLE, c_size_t]),
    "account_list_free": (None, [_HANDLE]),
    "account_open": (c_int32, [_HANDLE, c_char_p, _OUT_HANDLE, _ERROR]),
    "account_close": (None, [_HANDLE]),
    "account_authorize_pin_start": (c_int32, [_HANDLE, _OPERATION, _ERROR]),
    "account_authorize_url_start": (c_int32, [_HANDLE, c_int32, c_char_p, _OPERATION, _ERROR]),
    "account_complete_redirect_start": (c_int32, [_HANDLE, c_char_p, _OPERATION, _ERROR]),
    "account_get_token_start": (c_int32, [_HANDLE, c_int64, _OPERATION, _ERROR]),
    "account_refresh_start": (c_int32, [_HANDLE, _OPERATION, _ERROR]),
    "account_request_with_start": (
        c_int32, [_HANDLE, c_char_p, c_char_p, c_char_p, c_char_p, c_size_t, c_char_p, c_int64, _OPERATION, _ERROR]),
    "account_import_start": (c_int32, [_HANDLE, c_char_p, _OPERATION, _ERROR]),
    "account_sign_out_start": (c_int32, [_HANDLE, _OPERATION, _ERROR]),
    "account_wait_start": (c_int32, [_HANDLE, c_int64, _OPERATION, _ERROR]),
    "account_check_now": (c_int32, [_HANDLE, _ERROR]),
    "account_copy_token": (c_int32, [_HANDLE, c_char_p, c_size_t, POINTER(c_size_t), _OPERATION]),
    "account_generation": (c_int64, [_HANDLE]),
    "account_report_rejected": (c_int32, [_HANDLE, c_int64, _ERROR]),
    "account_status": (c_int32, [_HANDLE, _OUT_HANDLE, _ERROR]),
    "account_last_error": (c_int32, [_HANDLE, _OUT_HANDLE]),
    "event_data": (c_void_p, [_HANDLE]),
    "event_data_bytes": (c_size_t, [_HANDLE]),
    "event_error": (c_void_p, [_HANDLE]),
    "event_token": (c_void_p, [_HANDLE]),
    "event_response": (c_void_p, [_HANDLE]),
    "event_free": (None, [_HANDLE]),
    "error_free": (None, [_HANDLE]),
    "status_free": (None, [_HANDLE]),
    "response_body": (c_void_p, [_HANDLE]),
    "response_body_bytes": (c_size_t, [_HANDLE]),
}
_GETTERS = {
    c_char_p: """error_message error_advice error_oauth_error error_oauth_description error_oauth_uri event_account_key event_pin
        event_verification_url event_text response_content_type status_reason status_scope_granted status_scope_asked
        status_account_key status_origin status_client_fingerprint status_store status_seal token_access_token
        token_authorization_header token_scope""",
    c_int32: """error_code error_action error_http_status error_api_status event_kind event_result event_state event_flags
        event_log_level response_http_status response_api_status status_grant_state status_flags status_scope_satisfied""",
    c_int64: """error_retry_after_ms event_operation event_remaining_ms event_generation event_dropped status_revision
        status_generation status_token_valid_ms status_token_age_ms status_next_try_ms status_pin_valid_ms token_generation
        token_valid_ms""",
}
_SETTERS = {
    c_char_p: "client_id scope base_url user_agent ca_file proxy token_format verification_url",
    c_int32: "log_level dispatch keep_fresh role polling parameter_style",
    c_int64: "request_timeout_ms connect_timeout_ms shutdown_timeout_ms",
}


class Library:
    """The loaded library; functions by their names without prefix. CDLL, not PyDLL: the interpreter lock is let go of."""

    def __init__(self, path: str) -> None:
        # A dynamically linked POCO blocks SIGPIPE in the thread that loads it.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        try:
            self.cdll = ctypes.CDLL(path)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        self.path = path
        for name, (result, arguments) in _FUNCTIONS.items():
            self._declare(name, result, arguments)
        for result, names in _GETTERS.items():
            for name in names.split():
                self._declare(name, result, [_HANDLE])
        for argument, names in _SETTERS.items():
            for name in names.split():
                self._declare("options_set_" + name, c_int32, [_HANDLE, argument])
        if self.version() < OLDEST_LIBRARY:
            raise ImportError(f"{path} is version {self.version_string().decode()}, which is too old for this package")

    def _declare(self, name: str, result: Any, arguments: list[Any]) -> None:
        function = self.cdll["ecoauth_" + name]
        function.restype = result
        function.argtypes = arguments
        setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:  # for type checkers: what _declare sets
        raise AttributeError(name)


_loaded: Optional[Library] = None
_lock = threading.Lock()


def load_library(path: Optional[str] = None) -> Library:
    """Loads the library once for the process: from `path`, else from the file that ECOAUTH_LIBRARY names, else from this package,
    else the system's. Called by itself when first needed; call it before to choose."""
    global _loaded
    with _lock:
        if _loaded is not None:
            if path is not None and path != _loaded.path:
                raise RuntimeError(f"the library is loaded already, from {_loaded.path}")
            return _loaded
        inside = os.path.join(os.path.dirname(os.path.abspath(__file__)), SONAME)
        chosen = path or os.environ.get("ECOAUTH_LIBRARY") or (inside if os.path.exists(inside) else SONAME)
        try:
            _loaded = Library(chosen)
        except OSError as error:
            raise ImportError(f"the ecoauth library cannot be loaded: {error}") from error
        return _loaded


def text(value: Optional[bytes]) -> str:
    return (value or b"").decode("utf-8", "replace")
