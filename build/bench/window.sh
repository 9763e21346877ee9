#!/usr/bin/env bash
# First paint and memory of the window beside those of an empty Wails window,
# in one run: build/bench/window.sh [--runs N]
set -euo pipefail
cd "$(dirname "$0")/../.."

go build -tags desktop,production,webkit2_41 -trimpath -ldflags "-s -w" -o build/bin/emptywindow ./build/bench/emptywindow
exec go run ./app/e2e/measure --window build/bin/keyferry --empty build/bin/emptywindow "$@"
