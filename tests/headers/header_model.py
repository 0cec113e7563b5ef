"""Reads the public headers into plain objects, for the tests of the public face. Standard library only.

It understands exactly the C that these headers may contain (style: one declaration per statement, block comments) and raises
ValueError on anything else, so that a declaration cannot slip past the checks by being written in an unusual way.
"""
import pathlib
import re
from dataclasses import dataclass, field


@dataclass
class Parameter:
    type: str   # as written, blanks normalized: "const char *", "ecoauth_error **"
    name: str


@dataclass
class Function:
    name: str
    returns: str
    parameters: list
    comment: str        # the doc comment above it; a `_start` twin that follows directly shares its sibling's
    header: str
    own_comment: bool


@dataclass
class Header:
    name: str
    text: str
    functions: list = field(default_factory=list)
    callbacks: dict = field(default_factory=dict)   # typedef name -> Function
    opaque: set = field(default_factory=set)        # names of opaque structs
    macros: dict = field(default_factory=dict)      # name -> value text, function-like ones left out
    section_comments: str = ""                      # comments that belong to no declaration


TOKEN = re.compile(r"/\*(?P<comment>.*?)\*/|^[ \t]*#(?P<directive>(?:[^\n\\]|\\.|\\\n)*)|(?P<statement>[^;{}#/]+;)"
                   r"|(?P<word>\w+)|(?P<other>\S)", re.S | re.M)
DEFINE = re.compile(r"\s*define\s+(\w+)(?!\()\s*(.*)$", re.S)


def normalize(text):
    """One blank between words, `*` apart from words and together with each other."""
    text = re.sub(r"\s*\*\s*", " * ", text)
    text = re.sub(r"\s+", " ", text).strip()
    while "* *" in text:
        text = text.replace("* *", "**")
    return text


def split_parameter(text):
    text = normalize(text)
    match = re.fullmatch(r"(.*?[\s*])(\w+)", text)
    if not match:
        raise ValueError(f"a parameter without a name: {text!r}")
    return Parameter(match.group(1).strip(), match.group(2))


def parse_parameters(text):
    text = text.strip()
    return [] if text == "void" else [split_parameter(part) for part in text.split(",")]


def parse_statement(header, statement, comment, own_comment):
    text = " ".join(statement.rstrip(";").split())
    match = re.fullmatch(r"typedef struct (\w+) (\w+)", text)
    if match:
        if match.group(1) != match.group(2):
            raise ValueError(f"{header.name}: {text}")
        header.opaque.add(match.group(1))
        return
    match = re.fullmatch(r"typedef (.+?) ?\( ?\* ?(\w+) ?\) ?\((.*)\)", text)
    if match:
        header.callbacks[match.group(2)] = Function(match.group(2), normalize(match.group(1)),
                                                    parse_parameters(match.group(3)), comment, header.name, own_comment)
        return
    match = re.fullmatch(r"ECOAUTH_EXPORT (.+?[ *])(\w+) ?\((.*)\)", text)
    if match:
        header.functions.append(Function(match.group(2), normalize(match.group(1)), parse_parameters(match.group(3)),
                                         comment, header.name, own_comment))
        return
    raise ValueError(f"{header.name}: not a form this project uses: {text!r}")


def parse_header(path):
    header = Header(path.name, path.read_text(encoding="ascii"))
    comment, previous = None, ""
    for match in TOKEN.finditer(header.text):
        kind = match.lastgroup
        if kind == "comment":
            if comment is not None:
                header.section_comments += comment
            comment = match.group("comment")
        elif kind == "directive":
            if comment is not None:
                header.section_comments += comment
            comment, previous = None, ""
            define = DEFINE.match(match.group("directive"))
            if define and not match.group("directive").lstrip().startswith("define " + define.group(1) + "("):
                header.macros[define.group(1)] = define.group(2).strip()
        elif kind == "statement":
            statement = match.group("statement")
            # The two macros that open and close the C linkage block are not statements of their own.
            statement = re.sub(r"^\s*ECOAUTH_(BEGIN|END)_DECLS\s*", "", statement)
            own = comment is not None
            parse_statement(header, statement, comment if own else previous, own)
            previous, comment = comment if own else previous, None
        elif kind == "word" and match.group() in ("ECOAUTH_BEGIN_DECLS", "ECOAUTH_END_DECLS"):
            continue
        else:
            raise ValueError(f"{header.name}: unexpected {match.group()!r} at byte {match.start()}")
    return header


def parse_folder(folder):
    """All public headers, by name."""
    headers = {path.name: parse_header(path) for path in sorted(pathlib.Path(folder).glob("*.h"))
               if path.name != "export.h"}   # export.h is nothing but preprocessor
    if "ecoauth.h" not in headers:
        raise ValueError(f"{folder} has no ecoauth.h")
    return headers


def all_functions(headers):
    return [function for header in headers.values() for function in header.functions]


def all_callbacks(headers):
    return {name: callback for header in headers.values() for name, callback in header.callbacks.items()}


def all_opaque(headers):
    return set().union(*(header.opaque for header in headers.values()))


def all_macros(headers):
    return {name: value for header in headers.values() for name, value in header.macros.items()}


def integer_macros(headers):
    """Macros whose value is a plain number, like result codes."""
    result = {}
    for name, value in all_macros(headers).items():
        match = re.fullmatch(r"\(?(-?\d+)\)?", value)
        if match:
            result[name] = int(match.group(1))
    return result


def map_nodes(path):
    """The version script: {node: set of names}. Only explicit names and `local: *` are understood."""
    text = re.sub(r"/\*.*?\*/", "", pathlib.Path(path).read_text(encoding="ascii"), flags=re.S)
    nodes = {}
    for match in re.finditer(r"(\w[\w.]*)\s*\{(.*?)\}\s*(\w[\w.]*)?\s*;", text, re.S):
        body = match.group(2)
        scope = "global"
        names = set()
        for item in re.findall(r"[^\s;:]+\s*:|[^\s;:]+", body):
            if item.rstrip(": \n").strip() in ("global", "local") and item.endswith(":"):
                scope = item.rstrip(":").strip()
            elif scope == "global":
                if not re.fullmatch(r"\w+", item):
                    raise ValueError(f"{path}: {item!r} is not an explicit name")
                names.add(item)
            elif item != "*":
                raise ValueError(f"{path}: local {item!r}")
        nodes[match.group(1)] = names
    return nodes
