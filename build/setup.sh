#!/usr/bin/env bash
# Installs the system packages of one group if they are missing:
#   build/setup.sh window    what the window is built with and needs to run
#   build/setup.sh display   what opens, drives and photographs it without a screen
#   build/setup.sh peers     what others wrote for the same standards: without it the
#                            tests that need it are skipped, and say so
#   build/setup.sh wine      what the Windows half runs on here, over a library in C:
#                            the same holds
#   build/setup.sh package   what packs, signs and checks the packages
# On Debian and its relatives only, as root or with sudo. Elsewhere it names what
# is needed and goes on if that is there.
set -euo pipefail

case "${1-}" in
  window)  packages=(gcc libc6-dev pkg-config libgtk-3-dev libwebkit2gtk-4.1-dev fonts-dejavu-core) ;;
  display) packages=(xvfb dbus at-spi2-core xdotool imagemagick zbar-tools x11-utils) ;;
  peers)   packages=(gcc libc6-dev libfido2-dev python3-fido2 pcscd vsmartcard-vpcd swtpm) ;;
  wine)    packages=(wine64 gcc-mingw-w64-x86-64) ;;
  package) packages=(dpkg-dev file zip unzip librsvg2-bin icoutils nsis openssl osslsigncode desktop-file-utils appstream lintian mmdebstrap iproute2) ;;
  *) echo "usage: build/setup.sh window|display|peers|wine|package" >&2; exit 2 ;;
esac

for tool in go node npm; do
  command -v "$tool" >/dev/null || { echo "Keyferry needs $tool. Install Go 1.26 and Node 20.19 or newer, then run this again." >&2; exit 1; }
done

if ! command -v dpkg-query >/dev/null; then
  if [ "$1" = window ] && [ "$(uname)" = Linux ] && ! pkg-config --exists webkit2gtk-4.1 gtk+-3.0 2>/dev/null; then
    echo "Keyferry needs the development files of GTK 3 and WebKitGTK 4.1. The README names the packages of your system." >&2
    exit 1
  fi
  exit 0
fi

missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "As root, run: apt-get install ${missing[*]}" >&2; exit 1; }
  root=(sudo)
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" apt-get update -qq
"${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
