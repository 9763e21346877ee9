#!/bin/sh
# Measures registration and sign-in verification: beside one bare P-256
# verification ("of-bare", the figure to reach is 0.65), and beside
# SimpleWebAuthn's server on the same ceremonies ("of-simplewebauthn", 4).
# Needs Go, Node and npm.
set -eu
cd "$(dirname "$0")/../.."
other="$PWD/build/bench/simplewebauthn"
if [ ! -d "$other/node_modules" ] || [ "$other/package-lock.json" -nt "$other/node_modules/.package-lock.json" ]; then
	npm ci --prefix "$other" --no-audit --no-fund --loglevel=error
fi
go test -run '^$' -bench 'Bare|Verify' ./backend/rp
KEYFERRY_SIMPLEWEBAUTHN="$other" go test -run '^$' -bench SimpleWebAuthn -benchtime 1x ./backend/rp
