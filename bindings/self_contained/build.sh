#!/bin/sh
# Builds the self-contained library into BUILD_FOLDER/self-contained, once, and prints its path: what packages of other languages
# carry. A minute or two on two cores, and three for POCO when make_poco.sh has not been run before; then a second.
# usage: build.sh BUILD_FOLDER
# SPDX-License-Identifier: MIT
set -eu
here=$(cd "$(dirname -- "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
folder=$1/self-contained
mkdir -p "$folder"

# One at a time: several tests ask for it.
exec 8>"$1/self-contained.lock"
flock 8
log=$folder/log
library() { ninja -C "$folder" -t targets all | sed -n 's/^\(src\/capi\/libecoauth\.so\.[0-9.]*\): .*/\1/p'; }
build() {
  unset LD_LIBRARY_PATH # of the tests around this: no business of a compiler's
  poco=$("$here/make_poco.sh") || return
  if [ ! -e "$folder/build.ninja" ]; then
    set -- "$folder" "$source" -Dself_contained=true "-Dstatic_poco=$poco" -Dtests=false -Dbuildtype=release
    [ ! -e "$folder/meson-private/coredata.dat" ] || set -- "$@" --wipe
    meson setup "$@" || return
  fi
  ninja -C "$folder" "$(library)"
}
build >"$log" 2>&1 8>&- || {
  tail -n 40 "$log" >&2
  exit 1
}
printf '%s\n' "$folder/$(library)"
