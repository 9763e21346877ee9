#!/usr/bin/env bash
# Installs and uninstalls the app with its own installer, silently, under wine: program files,
# start menu and registry come and go, a file that is not ours stays, and so do the data.
# Only the amd64 one, as wine here runs nothing else.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh

work=$(mktemp -d)
# Its server writes the registry when it ends, and must have a folder until then.
server=$(command -v wineserver || ls /usr/lib/wine/wineserver*64)
trap 'env -i HOME="$work/home" XDG_RUNTIME_DIR="$work/home" TMPDIR="$work/home" WINEPREFIX="$work/wine" "$server" -k || true; rm -rf "$work"' EXIT
build/wine/prefix.sh "$work"
wine() { timeout 120 build/wine/wine.sh "$work" "$@"; }
fail() { echo "$1" >&2; exit 1; }

code=0
wine "$dist/keyferry-$VERSION-windows-amd64-setup.exe" /S '/D=C:\kf' || code=$?
[ "$code" = 3 ] || fail "on an old Windows the installer ended with $code"
wine reg add 'HKLM\Software\Microsoft\Windows NT\CurrentVersion' /v CurrentMajorVersionNumber /t REG_DWORD /d 10 /f >/dev/null
# What such a prefix lacks, and Windows has: a start menu, and what makes shortcuts.
mkdir "$work/wine/drive_c/menu"
wine reg add 'HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders' /v Programs /d 'C:\menu' /f >/dev/null
wine regsvr32 /s shell32.dll

folder="$work/wine/drive_c/kf"
wine "$dist/keyferry-$VERSION-windows-amd64-setup.exe" /S '/D=C:\kf' || fail "the installer ended with $?"
for file in keyferry.exe keyferryctl.exe LICENCE.txt THIRD-PARTY-LICENCES.txt uninstall.exe; do
  [ -s "$folder/$file" ] || fail "$file was not installed"
done
cmp "$folder/keyferry.exe" "$made/programs/windows-amd64/keyferry.exe"
wine "$folder/keyferryctl.exe" version | grep -F "keyferryctl $VERSION"
[ -s "$work/wine/drive_c/menu/Keyferry.lnk" ] || fail "the start menu has no entry"
uninstall='HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Keyferry'
wine reg query "$uninstall" /v DisplayVersion | grep -qF "$VERSION" || fail "Windows does not know that it is installed"
touch "$folder/mine.txt"
# _? keeps it from going on as a copy of itself, which nobody could wait for.
wine "$folder/uninstall.exe" /S '_?=C:\kf' || fail "the uninstaller ended with $?"
left=$(ls "$folder")
[ "$left" = mine.txt ] || [ "$left" = $'mine.txt\nuninstall.exe' ] || fail "this was left: $left"
[ ! -e "$work/wine/drive_c/menu/Keyferry.lnk" ] || fail "the start menu's entry was left"
if wine reg query "$uninstall" >/dev/null 2>&1; then fail "Windows still takes it for installed"; fi
echo "installed and uninstalled"
