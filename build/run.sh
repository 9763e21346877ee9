#!/usr/bin/env bash
# Opens the window. Without a display it says so and walks the tour instead.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${DISPLAY-}${WAYLAND_DISPLAY-}" ] || [ "$(uname)" != Linux ]; then
  exec build/bin/keyferry "$@"
fi
echo "There is no display here. The tour opens the same window on a virtual one and walks through it."
make --no-print-directory build/.stamps/display
exec go run ./app/e2e/tour
