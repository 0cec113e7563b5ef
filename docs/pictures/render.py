#!/usr/bin/env python3
"""Draws the terminal screens of the documentation from tests/e2e/screens, which a test compares with what the tool shows.

usage: render.py [--check]      without --check writes docs/pictures/*.svg; with it says which of them are out of date
"""
import pathlib
import sys
from xml.sax.saxutils import escape

HERE = pathlib.Path(__file__).resolve().parent
SCREENS = HERE.parent.parent / "tests" / "e2e" / "screens"
CELL_WIDTH, CELL_HEIGHT, MARGIN = 8, 17, 12
BACKGROUND, FOREGROUND = "#1e1e24", "#dcdce0"
COLOURS = {"red": "#ff6b6b", "green": "#6fdc8c", "brown": "#f2c14e", "black": "#000000", "white": "#ffffff"}
NBSP = "\u00a0"  # other blanks run together
BLOCKS = {"\u2580": (0, 0.5), "\u2584": (0.5, 0.5), "\u2588": (0, 1)}  # where they begin, how high they are


def parse(text):
    """The lines, and for each row [(first column, last column, names of its style)]."""
    screen, _, colours = text.partition("-- colours --\n")
    styles = {}
    for line in colours.splitlines():
        row, columns, names = line.split()
        first, last = map(int, columns.split("-"))
        styles.setdefault(int(row), []).append((first, last, names.split("+")))
    return screen.splitlines(), styles


def pieces(line, runs):
    """The line in pieces of one style: (first column, text, names)."""
    at = 0
    for first, last, names in runs:
        if first > at:
            yield at, line[at:first], []
        yield first, line[first:last + 1].ljust(last + 1 - first), names
        at = last + 1
    if at < len(line):
        yield at, line[at:], []


def piece_svg(x, y, text, names):
    fill = next((COLOURS[name] for name in names if name in COLOURS), FOREGROUND)
    for name in names:
        if name.startswith("on-"):
            yield f'<rect x="{x}" y="{y}" width="{len(text) * CELL_WIDTH}" height="{CELL_HEIGHT}" fill="{COLOURS[name[3:]]}"/>'
    if any(character in BLOCKS for character in text):
        # Drawn, because fonts leave gaps between blocks; neighbours in one path.
        parts = [f"M{x + i * CELL_WIDTH} {y + BLOCKS[c][0] * CELL_HEIGHT:g}h{CELL_WIDTH}v{BLOCKS[c][1] * CELL_HEIGHT:g}h-{CELL_WIDTH}z"
                 for i, c in enumerate(text) if c in BLOCKS]
        yield f'<path fill="{fill}" d="{"".join(parts)}"/>'
    elif text.strip():
        shown = text.replace(" ", NBSP)
        bold = ' font-weight="bold"' if "bold" in names else ""
        yield f'<text x="{x}" y="{y + 13}" fill="{fill}"{bold} textLength="{len(text) * CELL_WIDTH}">{escape(shown)}</text>'


def picture_of(name, text):
    lines, styles = parse(text)
    columns = int(name.rsplit("-", 1)[1])
    width, height = columns * CELL_WIDTH + 2 * MARGIN, len(lines) * CELL_HEIGHT + 2 * MARGIN
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
           f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13" shape-rendering="crispEdges">',
           f'<title>{escape(name)}</title>', f'<rect width="{width}" height="{height}" rx="6" fill="{BACKGROUND}"/>']
    for row, line in enumerate(lines):
        for column, piece, names in pieces(line, styles.get(row, [])):
            svg += piece_svg(MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT, piece, names)
    return "\n".join([*svg, "</svg>", ""])


def main():
    wanted = {path.stem + ".svg": picture_of(path.stem, path.read_text(encoding="utf-8")) for path in sorted(SCREENS.glob("*-80.txt"))}
    there = {path.name: path.read_text(encoding="utf-8") for path in HERE.glob("*.svg")}
    if "--check" in sys.argv:
        wrong = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
        print(f"{len(wanted)} pictures, out of date: {', '.join(wrong) or 'none'}" + (" (run docs/pictures/render.py)" if wrong else ""))
        return 1 if wrong or not wanted else 0
    for name in there.keys() - wanted.keys():
        (HERE / name).unlink()
    for name, svg in wanted.items():
        (HERE / name).write_text(svg, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
