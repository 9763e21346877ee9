#!/usr/bin/env bash
# Signs the Windows packages with a certificate made for this and thrown away, with a time
# stamp of a server made for this, too, and has both verified; a signed program that somebody
# changed must not pass. The servers of real authorities nobody asks here.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh

work=$(mktemp -d)
stamper=
trap '[ -z "$stamper" ] || kill "$stamper"; build/wine/end.sh "$work" -k; rm -rf "$work"' EXIT
fail() { echo "$1" >&2; exit 1; }
openssl req -x509 -newkey rsa:3072 -nodes -days 2 -subj '/CN=Keyferry test authority' \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
# issue NAME USE: a certificate for one use
issue() {
  openssl req -newkey rsa:3072 -nodes -subj "/CN=Keyferry test $1" -keyout "$work/$1.key" -out "$work/$1.csr" 2>/dev/null
  printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n' "$2" > "$work/$1.ext"
  openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 -extfile "$work/$1.ext" -out "$work/$1.pem" 2>/dev/null
}
issue signer codeSigning
issue stamper critical,timeStamping
# A passphrase as a real key has one.
printf 'not-a-secret' > "$work/pass"
openssl pkcs8 -topk8 -in "$work/signer.key" -out "$work/locked.key" -passout file:"$work/pass"
node build/package/stamper.mjs "$work" >"$work/port" &
stamper=$!
until [ -s "$work/port" ]; do kill -0 "$stamper"; sleep 0.1; done

verified() {
  osslsigncode verify -CAfile "$work/ca.pem" -TSA-CAfile "$work/ca.pem" -in "$1" >"$work/log" 2>&1 &&
    grep -q 'Timestamp Server Signature verification: ok' "$work/log"
}

# The whole way, as windows.sh goes it with a certificate; what is in build/dist stays.
export KEYFERRY_SIGN_CERT=$work/signer.pem KEYFERRY_SIGN_KEY=$work/locked.key KEYFERRY_SIGN_PASS=$work/pass
export KEYFERRY_SIGN_STAMP=http://127.0.0.1:$(cat "$work/port")
# The time is of now: the commit may be older than the certificate.
SOURCE_DATE_EPOCH=$(date +%s)
export PACKAGES_MADE=$work/made PACKAGES_DIST=$work/dist
mkdir -p "$work/dist" "$work/made"
cp -r "$made"/{programs,licences,icons} "$work/made/"
build/package/sign.sh "$work"/made/programs/windows-*/*.exe
for arch in amd64 arm64; do
  build/package/windows.sh "$arch"
  for file in "$work/made/programs/windows-$arch"/*.exe "$work/dist/keyferry-$VERSION-windows-$arch-setup.exe"; do
    verified "$file" || { cat "$work/log" >&2; fail "$file: the signature is not accepted"; }
    echo "verified: $(basename "$file") for $arch"
    # One byte in the middle.
    cp "$file" "$work/changed.exe"
    half=$(($(stat -c %s "$file") / 2))
    byte=$(od -An -tu1 -j "$half" -N1 "$file")
    printf "\\x$(printf %x $((byte ^ 255)))" | dd of="$work/changed.exe" bs=1 seek="$half" conv=notrunc status=none
    if verified "$work/changed.exe"; then fail "$file: a changed program passes"; fi
  done
done
unzip -q "$work/dist/keyferry-$VERSION-windows-amd64.zip" -d "$work"
verified "$work/keyferry-$VERSION-windows-amd64/keyferry.exe" || fail "what the zip holds is not signed"
# By another authority, or by none.
for file in "$dist"/*-setup.exe; do
  if verified "$file"; then fail "$file: it is not signed by this certificate, and passes"; fi
done
# The uninstaller is signed before the installer packs it, and comes out of it signed.
build/wine/prefix.sh "$work"
wine() { timeout 300 build/wine/wine.sh "$work" "$@"; }
wine reg add 'HKLM\Software\Microsoft\Windows NT\CurrentVersion' /v CurrentMajorVersionNumber /t REG_DWORD /d 10 /f >/dev/null
wine "$work/dist/keyferry-$VERSION-windows-amd64-setup.exe" /S '/D=C:\kf'
verified "$work/wine/drive_c/kf/uninstall.exe" || fail "the uninstaller is not signed"
echo "verified: keyferry.exe out of the zip, uninstall.exe out of the installer"
