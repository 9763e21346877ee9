#!/usr/bin/env bash
# Signs the Windows packages with a certificate made for this and thrown away, and has the
# signatures verified; a signed program that somebody changed must not pass.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl req -x509 -newkey rsa:3072 -nodes -days 2 -subj '/CN=Keyferry test authority' \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
openssl req -newkey rsa:3072 -nodes -subj '/CN=Keyferry test signer' -keyout "$work/signer.key" -out "$work/signer.csr" 2>/dev/null
printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n' > "$work/signer.ext"
openssl x509 -req -in "$work/signer.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 -extfile "$work/signer.ext" -out "$work/signer.pem" 2>/dev/null
# A passphrase as a real key has one.
printf 'not-a-secret' > "$work/pass"
openssl pkcs8 -topk8 -in "$work/signer.key" -out "$work/locked.key" -passout file:"$work/pass"

verified() { osslsigncode verify -CAfile "$work/ca.pem" -ignore-timestamp -in "$1" >"$work/log" 2>&1; }

# The whole way, as windows.sh goes it with a certificate; what is in build/dist stays.
export KEYFERRY_SIGN_CERT=$work/signer.pem KEYFERRY_SIGN_KEY=$work/locked.key KEYFERRY_SIGN_PASS=$work/pass
# The time is of now: the commit may be older than the certificate.
SOURCE_DATE_EPOCH=$(date +%s)
cp -r "$made" "$work/made"
cp -r "$dist" "$work/dist"
build/package/sign.sh "$work"/made/programs/windows-*/*.exe
for arch in amd64 arm64; do
  PACKAGES_MADE=$work/made PACKAGES_DIST=$work/dist build/package/windows.sh "$arch"
  for file in "$work/made/programs/windows-$arch"/*.exe "$work/dist/keyferry-$VERSION-windows-$arch-setup.exe"; do
    verified "$file" || { cat "$work/log" >&2; echo "$file: the signature is not accepted" >&2; exit 1; }
    echo "verified: $(basename "$file") for $arch"
    # One byte in the middle.
    cp "$file" "$work/changed.exe"
    half=$(($(stat -c %s "$file") / 2))
    byte=$(od -An -tu1 -j "$half" -N1 "$file")
    printf "\\x$(printf %x $((byte ^ 255)))" | dd of="$work/changed.exe" bs=1 seek="$half" conv=notrunc status=none
    if verified "$work/changed.exe"; then echo "$file: a changed program passes" >&2; exit 1; fi
  done
done
# By another authority, or by none.
for file in "$dist"/*-setup.exe; do
  if verified "$file"; then echo "$file: it is not signed by this certificate, and passes" >&2; exit 1; fi
done
