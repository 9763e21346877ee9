#!/usr/bin/env bash
# Waits until nothing runs any more in a prefix that prefix.sh made (-w), or ends it (-k).
# Wine's server outlives its programs for a while and writes the registry when it ends: the
# prefix must not go before it.
#   build/wine/end.sh PREFIX -w|-k
set -euo pipefail
[ -d "$1/wine" ] || exit 0
server=$(command -v wineserver || ls /usr/lib/wine/wineserver*64)
env -i HOME="$1/home" XDG_RUNTIME_DIR="$1/home" TMPDIR="$1/home" WINEPREFIX="$1/wine" "$server" "$2" || true
