"""C++ text with its comments or its literals blanked out; line numbers stay what they were."""
import re

# In this order: a literal may hold "//", a comment may hold a quote, a raw string may hold anything. A quote between digits
# (1'000) is a separator, not a literal.
TOKEN = re.compile(
    r'(?P<raw>\b(?:u8|[uUL])?R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)")'
    r'|(?P<comment>//(?:[^\n\\]|\\.|\\\n)*|/\*.*?(?:\*/|\Z))'
    r'|(?P<string>"(?:[^"\\\n]|\\.|\\\n)*")'
    r"|(?P<separator>(?<=[0-9a-fA-F])'(?=[0-9a-fA-F]))"
    r"|(?P<character>'(?:[^'\\\n]|\\.)*')", re.S)
INCLUDE_LINE = re.compile(r"^[ \t]*#[ \t]*include\b")


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def blank_comments(code):
    """Without comments; literals stay."""
    return TOKEN.sub(lambda m: _blank(m.group()) if m.group("comment") else m.group(), code)


def blank_strings(code):
    """Without the insides of literals. For code that has no comments any more; include lines stay whole."""
    def replace(match):
        start = code.rfind("\n", 0, match.start()) + 1
        if match.group("comment") or match.group("separator") or INCLUDE_LINE.match(code[start:match.start()]):
            return match.group()
        return _blank(match.group())
    return TOKEN.sub(replace, code)
