#!/usr/bin/env bash
# The app for Windows, as portable zip and as installer:
#   build/package/windows.sh amd64|arm64
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh
. build/package/tree.sh
arch=$1

name=keyferry-$VERSION-windows-$arch
programs=$made/programs/windows-$arch
tree=$made/$name
put 644 "$programs"/*.exe "$made"/licences/* "$tree"
put 644 build/windows/READ-ME.txt "$tree"
settle "$tree"
rm -f "$dist/$name.zip" # zip would add to it
(cd "$made" && find "$name" -type f | sort | zip -9 -X -q -@ "$dist/$name.zip")

# The installer's own program is for the machine it installs on. There is none for arm64:
# Windows runs that for x86 there.
target=amd64-unicode
[ "$arch" = amd64 ] || target=x86-unicode
sign=()
[ -z "${KEYFERRY_SIGN_CERT-}" ] || sign=("-DSIGN=$PWD/build/package/sign.sh")
installer=$dist/$name-setup.exe
makensis -V2 -NOCD -XTarget\ "$target" -DARCH="$arch" -DVERSION="$VERSION" -DTREE="$tree" -DICON="$made/icons/keyferry.ico" \
  -DOUT="$installer" -DKILOBYTES="$(du -k --apparent-size -s "$tree" | cut -f1)" "${sign[@]}" build/windows/setup.nsi
build/package/sign.sh "$installer"
chmod 644 "$installer" "$dist/$name.zip"
bounded "$installer"
