#!/usr/bin/env bash
# First paint and memory of the window beside those of an empty Wails window,
# in one run: build/bench/window.sh [--runs N]
set -euo pipefail
cd "$(dirname "$0")/../.."

go build -tags desktop,production,webkit2_41 -trimpath -ldflags "-s -w" -o build/bin/emptywindow ./build/bench/emptywindow
# What a linker has just written lies in memory in large pieces, and a process that touches one byte of such a piece is
# counted with all of it, 5 MB in our case. A person's programs were read from the disk, in small ones.
for program in build/bin/keyferry build/bin/emptywindow; do
  sync "$program" && dd if="$program" iflag=nocache count=0 status=none
done
exec go run ./app/e2e/measure --window build/bin/keyferry --empty build/bin/emptywindow "$@"
