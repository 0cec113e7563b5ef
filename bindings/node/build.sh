#!/bin/sh
# Builds the addon into a file, with any C compiler and the headers of any Node from 18 on (or of the package node-api-headers).
# It links nothing: the library is loaded at run time. One file serves all Nodes of a platform.
# usage: build.sh NODE_HEADERS ECOAUTH_HEADERS OUTPUT
# SPDX-License-Identifier: MIT
set -eu
if [ $# -ne 3 ]; then
  sed -n 's/^# usage/usage/p' "$0" >&2
  exit 2
fi
here=$(cd "$(dirname -- "$0")" && pwd)
mkdir -p "$(dirname -- "$3")"
exec "${CC:-cc}" -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -fvisibility=hidden -shared -pthread -Wl,-z,nodelete -Wl,-z,relro,-z,now \
  -isystem "$1" -I "$2" "$here"/src/*.c -ldl -o "$3"
