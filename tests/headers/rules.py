"""What a public declaration must look like: plain types and complete comments. Each check returns a list of complaints."""
import pathlib
import re

import header_model

ROOT = pathlib.Path(__file__).resolve().parents[2]

PLAIN_VALUES = {"int32_t", "uint32_t", "int64_t", "size_t"}
PLAIN_POINTERS = {"const char *", "char *", "const void *", "void *", "int32_t *", "int64_t *", "size_t *"}
QUESTIONS = ["**Blocking**", "**Threads**", "**Ownership**", "**Errors**", "**Since**"]   # in this order
FORBIDDEN_WORDS = re.compile(r"\b(bool|_Bool|enum|long|short|unsigned|signed|int|float|double|va_list|union|noexcept)\b|\.\.\.")


def type_complaints(headers):
    """Only types that every foreign function interface has: fixed-width integers, size_t, texts, bytes, opaque pointers."""
    opaque, callbacks = header_model.all_opaque(headers), header_model.all_callbacks(headers)
    allowed = PLAIN_VALUES | PLAIN_POINTERS | set(callbacks)
    for name in opaque:
        allowed |= {f"{name} *", f"const {name} *", f"{name} **"}
    returned = PLAIN_VALUES | {"void", "const char *", "const void *"}
    returned |= {f"{name} *" for name in opaque} | {f"const {name} *" for name in opaque}
    complaints = []
    for function in header_model.all_functions(headers) + list(callbacks.values()):
        if function.returns not in returned:
            complaints.append(f"{function.name} returns '{function.returns}'")
        for parameter in function.parameters:
            if parameter.type not in allowed:
                complaints.append(f"{function.name}: '{parameter.type} {parameter.name}' is not a plain type")
    for header in headers.values():
        code = re.sub(r"/\*.*?\*/", " ", header.text, flags=re.S)
        code = re.sub(r"^\s*#.*$", " ", code, flags=re.M)
        for match in FORBIDDEN_WORDS.finditer(code):
            complaints.append(f"{header.name}: '{match.group()}' does not cross the border")
    return complaints


def order_complaints(headers):
    """user_data first in callbacks and beside its finalizer; `error` last and `_start` forms with an operation."""
    complaints = []
    for callback in header_model.all_callbacks(headers).values():
        if not callback.parameters or callback.parameters[0].type != "void *":
            complaints.append(f"{callback.name}: user_data is not the first parameter")
    for function in header_model.all_functions(headers):
        types = [parameter.type for parameter in function.parameters]
        if "ecoauth_error **" in types and types[-1] != "ecoauth_error **":
            complaints.append(f"{function.name}: the error is not the last parameter")
        if "void *" in types and "ecoauth_finalizer_fn" not in types:
            complaints.append(f"{function.name}: takes user data without a finalizer")
        starts = function.name.endswith("_start") and function.name != "ecoauth_client_close_start"
        if starts != ("int64_t *" in types and types[-2] == "int64_t *"):
            complaints.append(f"{function.name}: only _start forms give out an operation")
        if "timeout_ms" in [parameter.name for parameter in function.parameters] and starts:
            complaints.append(f"{function.name}: a _start form has no time-out")
    return complaints


def name_complaints(headers):
    complaints = []
    names = {function.name: function.header for function in header_model.all_functions(headers)}
    for name, header in names.items():
        if not re.fullmatch(r"ecoauth_[a-z0-9_]+", name):
            complaints.append(f"{header}: {name} is not in this library's name space")
    for function in header_model.all_functions(headers):
        if function.name.endswith("_start") and function.name != "ecoauth_client_close_start":
            if function.name[:-len("_start")] not in names:
                complaints.append(f"{function.name} has no blocking form")
    for header in headers.values():
        complaints += [f"{header.name}: macro {name}" for name in header.macros if not name.startswith("ECOAUTH_")]
        guard = f"ECOAUTH_{header.name.upper().replace('.', '_')}"
        if guard not in header.macros:
            complaints.append(f"{header.name}: its include guard is not {guard}")
    return complaints


def has_pointer(function):
    return "*" in function.returns or any("*" in p.type or p.type.endswith("_fn") for p in function.parameters)


def is_setter(function):
    return function.name.startswith("ecoauth_options_set_")


def comment_complaints(headers):
    """Every function says whether it blocks, from which threads it may be called, who owns what, and since when. Setters share
    the paragraph at the top of their header, which must then say so."""
    complaints = []
    for function in header_model.all_functions(headers):
        if not function.comment.strip():
            complaints.append(f"{function.name} has no comment")
            continue
        if not function.own_comment and not function.name.endswith("_start"):
            complaints.append(f"{function.name} has no comment of its own")
        if is_setter(function):
            wanted = ["**Since**"]
            if any(p.type in ("ecoauth_store *", "void *") for p in function.parameters):
                wanted.append("**Ownership**")
        else:
            wanted = ["**Blocking**", "**Threads**", "**Since**"] + (["**Ownership**"] if has_pointer(function) else [])
            if any(p.type == "ecoauth_error **" for p in function.parameters):
                wanted.append("**Errors**")
        answers = [function.comment.find(word) for word in QUESTIONS if word in function.comment]
        if answers != sorted(answers):
            complaints.append(f"{function.name}: its comment answers in another order")
        complaints += [f"{function.name}: its comment lacks {word}" for word in wanted if word not in function.comment]
        since = re.search(r"\*\*Since\*\*\s+\*?\s*(\S+)", function.comment)
        if since and not re.fullmatch(r"\d+\.\d+", since.group(1).rstrip(".")):
            complaints.append(f"{function.name}: since when? '{since.group(1)}'")
    for header in headers.values():
        if any(is_setter(function) for function in header.functions):
            for phrase in ("No setter blocks", "One thread at a time", "copied"):
                if phrase not in header.section_comments:
                    complaints.append(f"{header.name}: its general paragraph lacks '{phrase}'")
        for callback in header.callbacks.values():
            if not callback.comment.strip():
                complaints.append(f"{callback.name} has no comment")
        if header.callbacks:
            together = header.section_comments + "".join(c.comment for c in header.callbacks.values())
            complaints += [f"{header.name}: its callbacks lack {word}" for word in ("**Called**", "**May call**")
                           if word not in together]
    return complaints


def text_complaints(folder):
    """Plain ASCII, no tabs, a licence line, pages that exist, the umbrella includes everything."""
    complaints = []
    umbrella = (folder / "ecoauth.h").read_text(encoding="ascii")
    for path in sorted(folder.glob("*.h")):
        data = path.read_bytes()
        if not data.isascii() or b"\t" in data or b"\r" in data:
            complaints.append(f"{path.name}: bytes that are not plain ASCII text")
        if b"SPDX-License-Identifier: MIT" not in data[:300]:
            complaints.append(f"{path.name}: no licence line")
        for page in re.findall(rb"[\w/]+\.md\b", data):
            if not (ROOT / page.decode()).is_file():
                complaints.append(f"{path.name}: there is no {page.decode()}")
        if path.name != "ecoauth.h" and f"#include <ecoauth/{path.name}>" not in umbrella:
            complaints.append(f"{path.name}: the umbrella header does not include it")
    return complaints
