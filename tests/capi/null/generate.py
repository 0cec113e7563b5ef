#!/usr/bin/env python3
"""Writes C programs that call every public function, from the headers alone.

usage: generate.py null   INCLUDE_FOLDER OUTPUT.c   every pointer parameter NULL in turn, every number 0 and extreme in turn
       generate.py forked INCLUDE_FOLDER OUTPUT.c   every function of a client or an account, once, for a forked child
       generate.py closed INCLUDE_FOLDER OUTPUT.c   every function of an account, once, for one whose client is gone

A function that cannot be covered (a new type, a new kind of parameter) makes the generator fail, not the coverage shrink.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "headers"))
import header_model  # noqa: E402

# Parameters that may be NULL, as their comments say; (function, parameter) or ("*", parameter).
NULLABLE = {
    ("*", "error"), ("*", "needed_bytes"), ("*", "user_data"), ("*", "finalizer"), ("*", "data"), ("*", "content_type"),
    ("*", "headers"),
    ("ecoauth_account_copy_token", "generation"), ("ecoauth_account_authorization_header", "generation"),
    ("ecoauth_account_open", "key"), ("ecoauth_store_new_callbacks", "list"),
    ("ecoauth_store_seal_with_secret_service", "label"), ("ecoauth_store_seal_with_secret_service", "bus_address"),
    ("ecoauth_has_feature", "feature"), ("ecoauth_runtime_info", "what"),
    # A callback of NULL takes the old one away; a failed call is as good an answer.
    ("*", "callback"),
}
# The error of this function is its result, not an explanation of a failure.
REQUIRED = {("ecoauth_account_last_error", "error")}

# Good values for texts and numbers, by parameter name.
TEXTS = {
    "key": '"default"', "redirect_uri": '"https://127.0.0.1/back"', "redirected_url": '"https://127.0.0.1/back?code=a&state=b"',
    "method": '"GET"', "headers": '"X-Test: 1"', "target": '"/1/thermostat"', "content_type": '"application/json"', "refresh_token": '"not-a-real-token"',
    "feature": '"pin"', "what": '"openssl"', "folder": '"/nonexistent/ecoauth"', "client_id": 'FIXTURE_CLIENT_ID',
    "scope": '"smartRead"', "base_url": '"http://127.0.0.1:1"', "user_agent": '"agent/1"', "ca_file": '"/nonexistent/ca.pem"',
    "path": '"/nonexistent/key"', "label": '"label"', "bus_address": '"unix:path=/nonexistent/bus"',
    "proxy": '"http://127.0.0.1:1"', "token_format": '"jwt"', "verification_url": '"http://127.0.0.1:1/portal"',
}
NUMBERS = {
    "timeout_ms": "0", "min_valid_ms": "0", "operation": "1", "generation": "1", "seen_revision": "1", "index": "0",
    "result": "0", "action": "0", "state": "0", "flow": "1", "size_bytes": "8", "most_verbose": "1", "dispatch": "2",
    "first_percent": "70", "last_percent": "85", "min_left_ms": "1000", "left_percent": "5", "keep_fresh": "0", "role": "0",
    "polling": "0", "style": "0", "fd": "0", "max_response_bytes": "0",
}
# A setter's own good time-out is not 0.
SETTER_TIMEOUT = "5000"
EXTREMES = {"int32_t": ["0", "-1", "INT32_MIN", "INT32_MAX"], "int64_t": ["0", "-1", "INT64_MIN", "INT64_MAX"], "size_t": ["0"]}

# Values made afresh for each call: C expression, and how they are released when the call did not take them.
OPTIONS, STORE = "ecoauth_options *", "ecoauth_store *"
TAKES_OPTIONS = {"ecoauth_client_new", "ecoauth_options_free"}
TAKES_STORE = {"ecoauth_options_set_store", "ecoauth_store_free"}
VALUE_TYPES = {"ecoauth_token", "ecoauth_error", "ecoauth_status", "ecoauth_response", "ecoauth_event", "ecoauth_account_list"}
OUT_OBJECTS = {f"{name} **": name for name in VALUE_TYPES | {"ecoauth_client", "ecoauth_account"}}
RELEASE = {"ecoauth_account": "ecoauth_account_close"}
STORE_CALLBACKS = {"load": "fixture_load", "save": "fixture_save", "erase": "fixture_erase", "list": "fixture_list",
                   "lock": "fixture_lock", "unlock": "fixture_unlock"}
EVENT_CALLBACKS = {"ecoauth_pin_fn": "fixture_pin", "ecoauth_event_fn": "fixture_event", "ecoauth_log_fn": "fixture_log",
                   "ecoauth_wakeup_fn": "fixture_wakeup", "ecoauth_seal_key_fn": "fixture_seal_key"}


def bare(type_text):
    return type_text.replace("const ", "").rstrip(" *")


def is_value_accessor(function):
    return (len(function.parameters) >= 1 and bare(function.parameters[0].type) in VALUE_TYPES
            and function.parameters[0].type.startswith("const "))


def is_release(function):
    return function.returns == "void" and len(function.parameters) == 1


def good_value(function, parameter, locals_):
    """A C expression that this parameter accepts; adds what it needs to `locals_` (declaration, clean-up)."""
    kind, name = parameter.type, parameter.name
    if kind == OPTIONS:
        taken = function.name in TAKES_OPTIONS
        locals_.append(("ecoauth_options *options = fixture_options();", None if taken else "ecoauth_options_free(options);"))
        return "options"
    if kind == STORE:
        locals_.append(("ecoauth_store *store = ecoauth_store_new_memory();",
                        None if function.name in TAKES_STORE else "ecoauth_store_free(store);"))
        return "store"
    if kind == "ecoauth_client *":
        return "f->caller" if function.name == "ecoauth_client_dispatch" else "f->client"
    if kind == "ecoauth_account *":
        return "f->account"
    if kind == "ecoauth_blob *":
        return "f->blob"
    if kind in OUT_OBJECTS:
        release = RELEASE.get(OUT_OBJECTS[kind], OUT_OBJECTS[kind] + "_free")
        locals_.append((f"{OUT_OBJECTS[kind]} *{name} = NULL;", f"{release}({name});"))
        return f"&{name}"
    if kind == "int32_t *":
        locals_.append((f"int32_t {name} = -1;", f"fixture_close({name});"))
        return f"&{name}"
    if kind in ("int64_t *", "size_t *"):
        locals_.append((f"{kind[:-2]} {name} = 0;", f"(void){name};"))
        return f"&{name}"
    if kind == "char *":
        locals_.append((f"char {name}[8];", f"(void){name};"))
        return name
    if kind == "const char *":
        return TEXTS[name]
    if kind == "const void *":
        return '"01234567"'
    if kind == "void *":
        return "&fixture_user_data"
    if kind == "ecoauth_finalizer_fn":
        return "fixture_finalizer"
    if kind in EVENT_CALLBACKS:
        return EVENT_CALLBACKS[kind]
    if kind.startswith("ecoauth_store_") and kind.endswith("_fn"):
        return STORE_CALLBACKS[name]
    if kind in EXTREMES:
        if name == "timeout_ms" and function.name.startswith("ecoauth_options_"):
            return SETTER_TIMEOUT
        return NUMBERS[name]
    raise ValueError(f"{function.name}: no good value for '{kind} {name}'; teach tests/capi/null/generate.py about it")


def is_pointer(parameter):
    return "*" in parameter.type or parameter.type.endswith("_fn")


def may_be_null(function, parameter):
    if (function.name, parameter.name) in REQUIRED:
        return False
    return bool({(function.name, parameter.name), ("*", parameter.name)} & NULLABLE)


def call_block(function, changed, replacement, verdict, out):
    """One call in its own block: all parameters good but `changed`. Returns nothing; `verdict` is the C check of `result`."""
    locals_, arguments = [], []
    for parameter in function.parameters:
        value = good_value(function, parameter, locals_)
        arguments.append(replacement if parameter.name == changed else value)
    declared, cleanup = [], []
    for declaration, release in locals_:
        declared.append(declaration)
        if release:
            cleanup.append(release)
    taken = {"options": OPTIONS, "store": STORE}
    for parameter in function.parameters:   # what the call would have taken but was not given is still ours
        if parameter.name == changed and parameter.type in taken.values():
            local = [key for key, kind in taken.items() if kind == parameter.type][0]
            release = f"ecoauth_{local}_free({local});"
            if release not in cleanup:
                cleanup.append(release)
    counts = "fixture_finalizer" in arguments
    call = f"{function.name}({', '.join(arguments)})"
    what = f'"{function.name}", "{changed or "nothing"} = {replacement or ""}"'
    out.append("    {")
    out += [f"        {line}" for line in declared]
    out.append("        before(%s);" % what)
    if counts:
        out.append("        const int finalized = fixture_finalized;")
    if function.returns == "void":
        out.append(f"        {call};")
    elif function.returns == STORE:
        out.append(f"        ecoauth_store *result = {call};")
        cleanup.insert(0, "ecoauth_store_free(result);")
    elif function.returns == OPTIONS:
        out.append(f"        ecoauth_options *result = {call};")
        cleanup.insert(0, "ecoauth_options_free(result);")
    else:
        out.append(f"        {function.returns} result = {call};")
    if verdict:
        out.append(f"        {verdict};")
    if function.returns == "int32_t" and "&error" in arguments and (function.name, "error") not in REQUIRED:
        out.append("        check_error(result, error);" if function.name != "ecoauth_client_dispatch"
                   else "        check_error(result < 0 ? result : 0, error);")
    out += [f"        {line}" for line in cleanup]
    if counts:
        out.append("        check_finalized(finalized + 1);")
    out += ["    }"]


def neutral_verdict(function):
    if function.returns == "const char *":
        return "check_null_text(result)" if function.name == "ecoauth_account_list_key" else "check_empty(result)"
    if "*" in function.returns:
        return "check_null(result)"
    return "check_neutral((int64_t)result)"


def null_verdict(function, parameter):
    if function.returns == "void":
        return None
    if function.returns in (STORE, OPTIONS):
        return "check_any_pointer(result)" if may_be_null(function, parameter) else "check_null(result)"
    if is_value_accessor(function):
        return neutral_verdict(function)
    if function.returns == "const char *":
        return "check_any_text(result)"
    if may_be_null(function, parameter):
        return "check_any((int64_t)result)"
    return "check_refused((int64_t)result)"


def needs_blob(function):
    return any(p.type == "ecoauth_blob *" for p in function.parameters)


def null_calls(function, out):
    """All calls of one function. The numbers of calls are returned, so that a function without any is noticed."""
    before = len(out)
    if not function.parameters:
        call_block(function, None, None, "check_any_text(result)" if function.returns == "const char *" else
                   "check_any(result)" if function.returns == "int32_t" else None, out)
    for parameter in function.parameters:
        if is_pointer(parameter):
            call_block_or_value(function, parameter, "NULL", null_verdict(function, parameter), out)
        elif parameter.name != "timeout_ms" or function.name.startswith("ecoauth_options_"):
            # (A blocking call's time-out is left alone: -1 waits for ever.)
            for extreme in EXTREMES[parameter.type]:
                verdict = "check_any((int64_t)result)" if function.returns in ("int32_t", "int64_t") else \
                    "check_any_text(result)" if function.returns == "const char *" else None
                call_block_or_value(function, parameter, extreme, verdict, out)
    return len(out) - before


def call_block_or_value(function, parameter, replacement, verdict, out):
    """Functions of a value (token, error, ...) have no good value here but NULL: real ones are the subject of other tests."""
    first = function.parameters[0]
    if bare(first.type) in VALUE_TYPES:
        if parameter is not first:
            return
        arguments = ["NULL"] + [NUMBERS[p.name] for p in function.parameters[1:]]
        out.append("    {")
        out.append(f'        before("{function.name}", "{first.name} = NULL");')
        call = f"{function.name}({', '.join(arguments)})"
        out.append(f"        {call};" if function.returns == "void" else f"        {function.returns} result = {call};")
        if verdict:
            out.append(f"        {verdict};")
        out.append("    }")
        return
    # Freeing the fixture itself is not this test's business; the good call of these is in every block above.
    if is_release(function) and replacement != "NULL":
        return
    call_block(function, parameter.name, replacement, verdict, out)


def write_null(headers):
    functions = header_model.all_functions(headers)
    out = ["/* Generated by tests/capi/null/generate.py from the public headers. */", '#include "fixture.h"', ""]
    for function in functions:
        out += ["", f"static void null_{function.name}(struct fixture *f)", "{", "    (void)f;"]
        if null_calls(function, out) == 0:
            raise ValueError(f"{function.name} is not covered")
        out.append("}")
    out += ["", "const struct null_test null_tests[] = {"]
    out += [f'    {{"{f.name}", null_{f.name}, {int(needs_blob(f))}}},' for f in functions]
    out += ["};", f"const size_t null_test_count = {len(functions)};", ""]
    return "\n".join(out)


def write_refused(headers, why, handles, least):
    """Calls everything that has a result and takes one of `handles`."""
    out = ["/* Generated by tests/capi/null/generate.py from the public headers. */", '#include "fixture.h"', "",
           f"/* Calls everything on handles that are {why}; returns how many did not say so. */",
           f"int {why}_calls(struct fixture *f)", "{", "    int wrong = 0;"]
    count = 0
    for function in header_model.all_functions(headers):
        kinds = [p.type for p in function.parameters]
        if function.returns not in ("int32_t", "int64_t") or not handles & set(kinds):
            continue
        count += 1
        call_block(function, None, None, f"wrong += check_{why}((int64_t)result)", out)
    if count < least:
        raise ValueError(f"only {count} functions were found")
    return "\n".join(out + ["    return wrong;", "}", ""])


def write_forked(headers):
    return write_refused(headers, "forked", {"ecoauth_client *", "ecoauth_account *"}, 30)


def write_closed(headers):
    return write_refused(headers, "closed", {"ecoauth_account *"}, 25)


def main():
    what, folder, output = sys.argv[1:]
    headers = header_model.parse_folder(pathlib.Path(folder) / "ecoauth")
    text = {"null": write_null, "forked": write_forked, "closed": write_closed}[what](headers)
    pathlib.Path(output).write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
