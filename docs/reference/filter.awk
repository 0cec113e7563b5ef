# What doxygen needs and a reader of the headers does not: comments that stand for themselves tell of the file, the manual is the
# main page, indented lines are tables, and a comment over several declarations is for all of them. Works on paragraphs.
BEGIN { RS = ""; ORS = "\n\n" }

function keep_tables(text,    lines, count, i, inside, indented, out) {
  count = split(text, lines, "\n")
  for (i = 1; i <= count; i++) {
    indented = lines[i] ~ /^ \*   /
    if (indented && !inside) out = out " * @verbatim\n"
    if (!indented && inside) out = out " * @endverbatim\n"
    inside = indented
    if (inside) sub(/^ \*   /, "", lines[i])
    out = out lines[i] (i < count ? "\n" : "")
  }
  return out
}

NR == 1 && /^\/\* / { sub(/^\/\* /, "/** @file\n * @brief "); sub(/\n \* SPDX[^\n*]*/, "") }
/^\/\*\n \* The manual\n/ { sub(/^\/\*\n \* The manual\n[ *=]*\n/, "/**\n * @mainpage The manual\n"); $0 = keep_tables($0) }
/^\/\*\n/ { sub(/^\/\*\n/, "/** @file\n") }
/^\/\*\*/ {
  comments = gsub(/\*\//, "&")
  declarations = gsub(/\n#define /, "&") + gsub(/;(\n|$)/, "&")
  if (comments == 1 && declarations > 1) $0 = "/**@{*/" $0 "\n/**@}*/"
}
{ print }
