#!/usr/bin/env bash
# Signs Windows programs in place, if a certificate is configured:
#   build/package/sign.sh FILE...
# KEYFERRY_SIGN_CERT   the certificate and its chain, PEM: without it nothing is signed
# KEYFERRY_SIGN_KEY    its private key, PEM
# KEYFERRY_SIGN_PASS   a file with the key's passphrase, if it has one
# KEYFERRY_SIGN_STAMP  the address of a time-stamp server (RFC 3161). Only then is anybody
#                      asked; without a stamp the signature ends with the certificate
set -euo pipefail
[ -n "${KEYFERRY_SIGN_CERT-}" ] || exit 0
: "${KEYFERRY_SIGN_KEY:?is to name the private key, as KEYFERRY_SIGN_CERT names a certificate}" "${SOURCE_DATE_EPOCH:?}"

options=(-h sha256 -n Keyferry -time "$SOURCE_DATE_EPOCH" -certs "$KEYFERRY_SIGN_CERT" -key "$KEYFERRY_SIGN_KEY")
[ -z "${KEYFERRY_SIGN_PASS-}" ] || options+=(-readpass "$KEYFERRY_SIGN_PASS")
[ -z "${KEYFERRY_SIGN_STAMP-}" ] || options+=(-ts "$KEYFERRY_SIGN_STAMP")
for file; do
  osslsigncode sign "${options[@]}" -in "$file" -out "$file.signed" >/dev/null
  chmod --reference="$file" "$file.signed"
  mv "$file.signed" "$file"
done
