#!/usr/bin/env bash
# Makes all packages of the last commit twice, in two folders of different depth, the second
# without anything from Go's build cache, and compares every sum: programs, archives, .deb,
# installers, bill of materials.
#   build/package/reproducible.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh
[ -z "${KEYFERRY_SIGN_STAMP-}" ] || { echo "A time stamp is another one each time: unset KEYFERRY_SIGN_STAMP." >&2; exit 1; }
REVISION=$(git rev-parse HEAD)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
once() { # FOLDER
  mkdir -p "$1"
  git archive HEAD | tar -x -C "$1"
  mkdir -p "$1/build/.stamps" && touch "$1/build/.stamps/"{window,package}
  make --no-print-directory -C "$1" package >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 1; }
}
echo "The first, in $work/a"
once "$work/a"
echo "The second, in $work/another/folder"
GOCACHE=$work/cache once "$work/another/folder"
diff "$work"/{a,another/folder}/build/dist/SHA256SUMS || { echo "The two differ." >&2; exit 1; }
diff <(cd "$work/a/build/.stamps/packing" && sha256sum programs/*/*) <(cd "$work/another/folder/build/.stamps/packing" && sha256sum programs/*/*)
(cd "$work/a/build/.stamps/packing" && sha256sum programs/*/*)
echo "$(wc -l < "$work/a/build/dist/SHA256SUMS") packages are equal"
