#!/usr/bin/env bash
# Runs a command on a virtual display with a session bus of its own, and leaves
# nothing behind: build/on-display.sh COMMAND [ARGUMENT...]
#
# The accessibility bus is started by the session bus on demand. Everything the
# desktop libraries write goes to a folder that is removed at the end.
set -euo pipefail

size=${KEYFERRY_SCREEN:-1280x900x24}
work=$(mktemp -d)
chmod 700 "$work"
cleanup() {
  [ -z "${xvfb:-}" ] || kill "$xvfb" 2>/dev/null || true
  rm -rf "$work" 2>/dev/null || true
}
trap cleanup EXIT

Xvfb -displayfd 3 -screen 0 "$size" -nolisten tcp -noreset 3>"$work/display" 2>"$work/xvfb.log" &
xvfb=$!
for _ in $(seq 100); do
  [ -s "$work/display" ] && break
  kill -0 "$xvfb" 2>/dev/null || { echo "Xvfb did not start:" >&2; cat "$work/xvfb.log" >&2; exit 1; }
  sleep 0.05
done
[ -s "$work/display" ] || { echo "Xvfb gave no display within 5 s" >&2; exit 1; }

mkdir -m 700 "$work/home" "$work/runtime"
export DISPLAY=":$(cat "$work/display")"
export HOME="$work/home" XDG_RUNTIME_DIR="$work/runtime" XDG_CONFIG_HOME="$work/home/.config" XDG_CACHE_HOME="$work/home/.cache" XDG_DATA_HOME="$work/home/.local/share"
export GDK_BACKEND=x11 GSETTINGS_BACKEND=memory NO_AT_BRIDGE=0 LC_ALL=C.UTF-8
unset WAYLAND_DISPLAY XAUTHORITY DBUS_SESSION_BUS_ADDRESS
dbus-run-session -- "$@"
