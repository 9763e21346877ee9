#!/usr/bin/env bash
# Makes a small wine prefix below an existing folder: the programs of wine by links, no
# registry to speak of, and what is built here:
#   FOLDER/wine          the prefix; its system folder has the fake webauthn.dll
#   FOLDER/unversioned   the same without WebAuthNGetApiVersionNumber
# wineboot would take half a minute and 700 MB.
#   build/wine/prefix.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
to=$1
cc=(x86_64-w64-mingw32-gcc -O1 -std=c11 -DWIN32_LEAN_AND_MEAN -Wall -Wextra -Werror)

for builtin in /usr/lib/x86_64-linux-gnu/wine/x86_64-windows /usr/lib/wine/x86_64-windows /usr/lib64/wine/x86_64-windows /opt/wine-*/lib*/wine/x86_64-windows; do
  [ -e "$builtin/ntdll.dll" ] && break
done
[ -e "$builtin/ntdll.dll" ] || { echo "the programs of wine are in no folder that this knows" >&2; exit 1; }

system=$to/wine/drive_c/windows/system32
mkdir -p "$to/home" "$to/unversioned" "$to/wine/dosdevices" "$system"
ln -s ../drive_c "$to/wine/dosdevices/c:"
ln -s / "$to/wine/dosdevices/z:"
ln -s "$builtin"/* "$system/"
echo disable > "$to/wine/.update-timestamp"
rm -f "$system/webauthn.dll" # a newer wine may have one

"${cc[@]}" -c -o "$to/header.o" "$here/header.c"
"${cc[@]}" -shared -o "$system/webauthn.dll" "$here/webauthn.c"
"${cc[@]}" -shared -DNO_VERSION -o "$to/unversioned/webauthn.dll" "$here/webauthn.c"
[ -e "$builtin/bcryptprimitives.dll" ] || "${cc[@]}" -shared -o "$system/bcryptprimitives.dll" "$here/bcryptprimitives.c" -ladvapi32
