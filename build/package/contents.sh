#!/usr/bin/env bash
# Unpacks all packages that can be unpacked, and holds them to what is to be in them, no file
# less and none more: programs, licences, what desktops look for; and the bill of materials to the
# programs as they were packed. What the installers hold install.sh sees.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh
machine=$(dpkg --print-architecture)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$1" >&2; exit 1; }

# holds PACKAGE FOLDER FILE...: these files, none of them empty, and no others
holds() {
  local wanted found
  wanted=$(printf '%s\n' "${@:3}" | sort)
  found=$(cd "$work/$2" && find . -type f -size +0 -printf '%P\n' | sort)
  diff <(echo "$wanted") <(echo "$found") >&2 || fail "$1 does not hold what it is to hold (< missing, > too much)"
  echo "$1: $(echo "$found" | wc -l) files"
}

licences=(LICENCE.txt THIRD-PARTY-LICENCES.txt)
desktop=("share/applications/$id.desktop" "share/metainfo/$id.metainfo.xml" "share/icons/hicolor/scalable/apps/$id.svg" lib/udev/rules.d/70-keyferry.rules)
for size in 16 24 32 48 64 128 256 512; do desktop+=("share/icons/hicolor/${size}x$size/apps/$id.png"); done
both=(bin/keyferry bin/keyferryctl "${desktop[@]}")

dpkg-deb -x "$dist/keyferry_${VERSION}_$machine.deb" "$work/deb"
doc=usr/share/doc/keyferry
holds ".deb" deb "${both[@]/#/usr/}" $doc/THIRD-PARTY-LICENCES.txt.gz $doc/changelog.gz $doc/copyright
gzip -dc "$work/deb/$doc/THIRD-PARTY-LICENCES.txt.gz" | cmp - "$dist/THIRD-PARTY-LICENCES.txt"

name=keyferry-$VERSION-linux-$machine
tar -x -C "$work" -f "$dist/$name.tar.gz"
holds "tarball" "$name" "${both[@]}" "${licences[@]}" INSTALL.txt
for arch in amd64 arm64; do
  name=keyferryctl-$VERSION-linux-$arch
  tar -x -C "$work" -f "$dist/$name.tar.gz"
  holds "keyferryctl for $arch" "$name" keyferryctl 70-keyferry.rules "${licences[@]}"
  name=keyferry-$VERSION-windows-$arch
  unzip -q "$dist/$name.zip" -d "$work"
  holds "zip for $arch" "$name" keyferry.exe keyferryctl.exe READ-ME.txt "${licences[@]}"
done
for file in "$work"/*/THIRD-PARTY-LICENCES.txt; do cmp "$file" "$dist/THIRD-PARTY-LICENCES.txt"; done

(cd build/package/bill && npm ci --silent --no-audit --no-fund)
mapfile -t programs < <(find "$work" \( -name 'keyferry' -o -name 'keyferryctl' -o -name '*.exe' \) -type f | sort)
node build/package/bill/check.mjs "$dist/keyferry-$VERSION.cdx.json" "$dist/THIRD-PARTY-LICENCES.txt" "${programs[@]}"
