#!/usr/bin/env python3
"""Makes ecoauth-sandbox(1) from its text and what the sandbox itself says about its options.

usage: sandbox_page.py TEXT SANDBOX > PAGE
"""
import re
import subprocess
import sys

GROUP = re.compile(r"([A-Z][\w ]*):$")
OPTION = re.compile(r"  (-\S+)(?: ([A-Z]\S*))?(?:\s{2,}(\S.*))?$")


def groups_of(text):
    """[(title, [[name, value, description]])], from the output of --help."""
    groups = []
    for line in text.splitlines():
        if title := GROUP.match(line):
            groups.append((title[1], []))
        elif groups and (option := OPTION.match(line)):
            groups[-1][1].append([option[1], option[2], option[3] or ""])
        elif groups and groups[-1][1] and line.startswith(" " * 20):
            groups[-1][1][-1][2] += " " + line.strip()
    return [group for group in groups if group[1]]


def mdoc(groups):
    for title, options in groups:
        if title != "Options":
            yield f".Ss {title}"
        yield ".Bl -tag -width Ds"
        for names, value, description in options:
            flags = " , ".join(name[1:] for name in names.split(","))
            yield f".It Fl {flags}" + (f" Ar {value.lower()}" if value else "")
            sentence = description[:1].upper() + description[1:].rstrip(".") + "."
            yield sentence.replace("\\", r"\e")
        yield ".El"


if __name__ == "__main__":
    told = subprocess.run([sys.argv[2], "--help"], capture_output=True, text=True, check=True).stdout
    with open(sys.argv[1], encoding="ascii") as file:
        print(file.read().replace("@OPTIONS@", "\n".join(mdoc(groups_of(told)))), end="")
