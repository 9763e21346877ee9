#!/usr/bin/env bash
# The figures: Go benchmarks, then the scripts of build/bench. Ratios compare
# things measured in the same run. Those of backend/rp are left to rp.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

go test -run '^$' -bench . -benchmem -timeout 20m $(go list ./backend/... | grep -v '/backend/rp$')
for script in build/bench/*.sh; do
  printf '\n== %s\n' "$script"
  "$script"
done
