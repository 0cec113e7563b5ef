"""The page of figures that a night run leaves behind."""
import json
import os
import pathlib
import platform
import re
import subprocess
import time
import types


def version(command, pattern):
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return "?"
    found = re.search(pattern, said)
    return found.group(1) if found else "?"


def circumstances(rig):
    """Of what and where a section tells."""
    root = pathlib.Path(__file__).resolve().parents[2]
    commit = version(["git", "-C", root, "rev-parse", "--short=12", "HEAD"], r"(\w+)")
    changed = version(["git", "-C", root, "status", "--porcelain", "--untracked-files=no", "src", "include"], r"(\S)") != "?"
    return (f"{time.strftime('%Y-%m-%d')}, seed {rig.seed}, commit {commit}{' with changes' if changed else ''}, "
            f"load average {os.getloadavg()[2]:.1f}")


# --- Nights in parts --------------------------------------------------------------------------------------------------------

PARTS_OF_A_SECTION = ("name", "title", "lines", "wrong", "took_s", "circumstances")


def keep(folder, name, section):
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({part: getattr(section, part) for part in PARTS_OF_A_SECTION}, indent=1)
    (folder / f"{name}.json").write_text(text, encoding="ascii")


def kept(folder, name):
    file = folder / f"{name}.json"
    return types.SimpleNamespace(**json.loads(file.read_text(encoding="ascii"))) if file.exists() else None


# --- The page ---------------------------------------------------------------------------------------------------------------


def write(path, rig, sections, missing):
    library = version([rig.build / "src" / "cli" / "ecoauth", "version"], r"(\d+\.\d+\.\d+)")
    poco = version(["dpkg-query", "-W", "-f", "${Version}", "libpoco-dev"], r"(\S+)")
    openssl = version(["openssl", "version"], r"OpenSSL (\S+)")
    system = version(["sh", "-c", ". /etc/os-release; echo $PRETTY_NAME"], r"(.*)")
    file_system = version(["stat", "-f", "-c", "%T", rig.folder.parent], r"(\S+)")
    lines = ["# Figures of the fault tests", "",
             "Written by `./dev faults --night`; not to be edited. What is done is said in the first lines of the modules beside this page.",
             "\"Lost\" means: the server takes no refresh token of the record on disk any more, and only a person can authorize again.", "",
             "| | |", "| --- | --- |",
             f"| library | {library} |",
             f"| system | {system}, Linux {platform.release().split('-')[0]}, glibc {platform.libc_ver()[1]}, "
             f"OpenSSL {openssl}, POCO {poco} |",
             f"| machine | {os.cpu_count()} processors, file system {file_system} |",
             f"| verdict | {'nothing wrong' if not any(s.wrong for s in sections) else 'WRONG, see below'} |",
             *([f"| not run by this night | {', '.join(missing)} |"] if missing else []), ""]
    for section in sections:
        lines += [f"## {section.title}", "", *section.lines, "",
                  f"{len(section.wrong)} wrong. Took {section.took_s:.0f} s ({section.circumstances}).", ""]
        lines += [f"- WRONG: {text}" for text in section.wrong] + ([""] if section.wrong else [])
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    path.write_text(text.rstrip() + "\n", encoding="ascii")
