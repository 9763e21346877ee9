#!/usr/bin/env bash
# Draws the icon in the sizes that desktops ask for, and as one file for Windows.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh

mkdir -p "$made/icons"
for size in 16 24 32 48 64 128 256 512; do
  rsvg-convert -w "$size" -h "$size" -o "$made/icons/$size.png" build/appicon.svg
done
icotool -c -o "$made/icons/keyferry.ico" "$made"/icons/{16,24,32,48,64}.png --raw="$made/icons/256.png"
