#!/usr/bin/env bash
# Installs, upgrades and uninstalls the app with its own installer, silently, under wine:
# program files, start menu, registry and the window's cache come and go; a file that is not
# ours stays, and so do the data. A running program is neither replaced nor removed.
# Only the amd64 one, as wine here runs nothing else.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh

work=$(mktemp -d)
trap 'build/wine/end.sh "$work" -k; rm -rf "$work"' EXIT
build/wine/prefix.sh "$work"
wine() { timeout 300 build/wine/wine.sh "$work" "$@"; }
fail() { echo "$1" >&2; exit 1; }

drive=$work/wine/drive_c
folder=$drive/kf
menu=$drive/menu/Keyferry.lnk
data=$drive/settings/keyferry
cache=$drive/local/keyferry
uninstall='HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Keyferry'
setup() { wine "$dist/keyferry-$VERSION-windows-amd64-setup.exe" /S "$@"; }

# As the person's click does it: the uninstaller goes on as a copy of itself.
uninstalled() {
  wine "$folder/uninstall.exe" /S || fail "the uninstaller ended with $?"
  timeout 300 build/wine/end.sh "$work" -w || fail "the uninstaller did not end"
  [ ! -e "$menu" ] || fail "the start menu's entry was left"
  [ ! -e "$cache" ] || fail "the window's cache was left"
  if wine reg query "$uninstall" >/dev/null 2>&1; then fail "Windows still takes it for installed"; fi
  [ "$before" = "$(sums)" ] || fail "somebody's data are not as they were"
}
sums() { find "$data" -type f -exec sha256sum {} + | sort; }

code=0
setup '/D=C:\kf' || code=$?
[ "$code" = 3 ] || fail "on an old Windows the installer ended with $code"
wine reg add 'HKLM\Software\Microsoft\Windows NT\CurrentVersion' /v CurrentMajorVersionNumber /t REG_DWORD /d 10 /f >/dev/null
# What such a prefix lacks, and Windows has: a start menu, folders of the person's, and what
# makes shortcuts.
mkdir "$drive"/{menu,settings,local}
shell='HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders'
wine reg add "$shell" /v Programs /d 'C:\menu' /f >/dev/null
wine reg add "$shell" /v AppData /d 'C:\settings' /f >/dev/null
wine reg add "$shell" /v 'Local AppData' /d 'C:\local' /f >/dev/null
wine regsvr32 /s shell32.dll

setup '/D=C:\kf' || fail "the installer ended with $?"
for file in keyferry.exe keyferryctl.exe LICENCE.txt THIRD-PARTY-LICENCES.txt uninstall.exe; do
  [ -s "$folder/$file" ] || fail "$file was not installed"
done
cmp "$folder/keyferry.exe" "$made/programs/windows-amd64/keyferry.exe"
wine "$folder/keyferryctl.exe" version | grep -F "keyferryctl $VERSION"
[ -s "$menu" ] || fail "the start menu has no entry"
wine reg query "$uninstall" /v DisplayVersion | grep -qF "$VERSION" || fail "Windows does not know that it is installed"
echo "installed"

# What the person has, and what the window leaves.
echo 'a long password of theirs' > "$work/home/password"
wine "$folder/keyferryctl.exe" account create --home 'C:\settings\keyferry' --alias acme \
  --email ada@example.org --password-file "Z:$work/home/password" >/dev/null
mkdir -p "$cache/webview/EBWebView" && echo cache > "$cache/webview/EBWebView/f"
before=$(sums)
[ -n "$before" ] || fail "there are no data"

# A program that runs, here until its input ends.
mkfifo "$work/home/input"
wine "$folder/keyferryctl.exe" account create --home 'C:\other' --alias acme --email ada@example.org --password-stdin <"$work/home/input" >/dev/null 2>&1 &
running=$!
exec 9>"$work/home/input"
for try in {1..30}; do # it takes a moment to start
  code=0
  setup || code=$?
  [ "$code" = 0 ] || break
  sleep 1
done
[ "$code" = 2 ] || fail "while a program of it ran the installer ended with $code"
exec 9>&-
wait "$running" || true

# The next version, into the folder of the last: an old program is replaced.
echo old > "$folder/keyferryctl.exe"
setup || fail "the installer ended with $? over another version"
cmp "$folder/keyferryctl.exe" "$made/programs/windows-amd64/keyferryctl.exe"
echo "upgraded, and refused while it ran"

uninstalled
[ ! -e "$folder" ] || fail "this was left: $(ls "$folder")"
setup '/D=C:\kf' || fail "the installer ended with $?, the second time"
touch "$folder/mine.txt"
uninstalled
[ "$(ls "$folder")" = mine.txt ] || fail "beside a file of somebody's this was left: $(ls "$folder")"
echo "uninstalled, and the data are as they were"
