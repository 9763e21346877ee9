#!/usr/bin/env bash
# Installs and uninstalls the app with its own installer, silently, under wine: program files,
# start menu and registry come and go, a file that is not ours stays, and so do the data.
# Only the amd64 one, as wine here runs nothing else.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build/wine/prefix.sh "$work"
wine() { timeout 120 build/wine/wine.sh "$work" "$@"; }
fail() { echo "$1" >&2; exit 1; }

folder="$work/wine/drive_c/kf"
wine "$dist/keyferry-$VERSION-windows-amd64-setup.exe" /S '/D=C:\kf' || fail "the installer ended with $?"
for file in keyferry.exe keyferryctl.exe LICENCE.txt THIRD-PARTY-LICENCES.txt uninstall.exe; do
  [ -s "$folder/$file" ] || fail "$file was not installed"
done
cmp "$folder/keyferry.exe" "$made/programs/windows-amd64/keyferry.exe"
wine "$folder/keyferryctl.exe" version | grep -F "keyferryctl $VERSION"
find "$work/wine/drive_c" -name Keyferry.lnk | grep -q . || fail "the start menu has no entry"
touch "$folder/mine.txt"
# _? keeps it from going on as a copy of itself, which nobody could wait for.
wine "$folder/uninstall.exe" /S '_?=C:\kf' || fail "the uninstaller ended with $?"
left=$(ls "$folder")
[ "$left" = mine.txt ] || [ "$left" = $'mine.txt\nuninstall.exe' ] || fail "this was left: $left"
[ -z "$(find "$work/wine/drive_c" -name Keyferry.lnk)" ] || fail "the start menu's entry was left"
echo "installed and uninstalled"
