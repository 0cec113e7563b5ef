#!/bin/sh
# Builds POCO's static libraries from Debian's source package (with Debian's patches), once per version of it, and prints the folder
# they are in: ~/.cache/ecoauth/poco-VERSION-N, or under $XDG_CACHE_HOME. About three minutes on two cores, then nothing.
# Needs the source package's address from apt; changes nothing of the system.
# SPDX-License-Identifier: MIT
set -eu

recipe=1 # grows when what is below changes
version=$(dpkg-query -W -f '${source:Version}' libpoco-dev)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ecoauth
prefix=$cache/poco-$version-$recipe
mkdir -p "$cache"

# One at a time; the others wait and find it done.
exec 9>"$prefix.lock"
flock 9
if [ -e "$prefix/complete" ]; then
  echo "$prefix"
  exit 0
fi

work=$(mktemp -d "$cache/making-poco.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
log=$work/log
run() {
  "$@" >"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    echo "make_poco: failed: $*" >&2
    exit 1
  }
}

# The places that the binary package comes from have the source, too.
apt-cache policy libpoco-dev | awk '$2 ~ /^(https?|file|mirror[+a-z]*):/ { split($3, part, "/"); print "deb-src", $2, part[1], part[2] }' |
  sort -u >"$work/sources.list"
[ -s "$work/sources.list" ] || { echo "make_poco: apt does not know where libpoco-dev comes from" >&2; exit 1; }
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/source"
apt() {
  apt-get -q -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$work/lists" \
    -o Dir::Cache="$work" -o Dir::Cache::Archives="$work/archives" -o APT::Sandbox::User="$(id -un)" "$@"
}
run apt -o APT::Update::Error-Mode=any update
cd "$work/source"
run apt source "poco=$version"
cd poco-*/

# POCO blocks SIGPIPE in whichever thread loads it. This library sends nothing from the host's threads, so nobody needs that.
thread=Foundation/src/Thread_POSIX.cpp
grep -q 'static SignalBlocker signalBlocker;' "$thread" || {
  echo "make_poco: POCO $version blocks SIGPIPE in another way than this script knows" >&2
  exit 1
}
sed -i 's/static SignalBlocker signalBlocker;//' "$thread"

set --
for part in DATA DATA_SQLITE DATA_MYSQL DATA_POSTGRESQL DATA_ODBC MONGODB REDIS ZIP PDF SEVENZIP ENCODINGS JWT ACTIVERECORD \
  ACTIVERECORD_COMPILER PAGECOMPILER PAGECOMPILER_FILE2PAGE CPPPARSER APACHECONNECTOR PROMETHEUS NETSSL_WIN TESTS; do
  set -- "$@" "-DENABLE_$part=OFF"
done
run cmake -S . -B ../build -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DPOCO_UNBUNDLED=ON \
  -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
  -DOPENSSL_USE_STATIC_LIBS=TRUE -DENABLE_NETSSL=ON -DENABLE_CRYPTO=ON -DENABLE_JSON=ON -DENABLE_XML=ON -DENABLE_UTIL=ON "$@" \
  -DCMAKE_CXX_FLAGS="-O2 -g1 -ffunction-sections -fdata-sections -fvisibility=hidden -fvisibility-inlines-hidden -fno-gnu-unique -w"
run nice ninja -C ../build install
touch "$prefix/complete"
echo "$prefix"
