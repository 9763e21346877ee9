#!/usr/bin/env bash
# Runs a Windows program in a prefix that prefix.sh made, and nothing else of this
# machine: no home folder, no screen, no menus, no browser engine.
#   build/wine/wine.sh PREFIX PROGRAM [ARGUMENT...]
# KEYFERRY_FAKE in the environment says what the fake webauthn.dll does.
set -euo pipefail
prefix=$1; shift
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
exec env -i PATH="$PATH" HOME="$prefix/home" XDG_RUNTIME_DIR="$prefix/home" TMPDIR="$prefix/home" LC_ALL=C.UTF-8 \
  WINEPREFIX="$prefix/wine" WINEARCH=win64 WINEDEBUG=-all \
  WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe=d;webauthn=n' \
  KEYFERRY_FAKE="${KEYFERRY_FAKE-}" "$wine" "$@"
