#!/usr/bin/env bash
# Holds the Windows programs to having icon, manifest and version information, to being for
# the right processor, and to having or not having a console.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh

fail() { echo "$1: $2" >&2; exit 1; }
for arch in amd64 arm64; do
  for name in keyferry keyferryctl; do
    program=$made/programs/windows-$arch/$name.exe
    icons=$(wrestool -l -t 14 "$program" | wc -l) # RT_GROUP_ICON
    [ "$icons" -ge 1 ] || fail "$program" "it has no icon"
    manifest=$(wrestool -x --raw -t 24 "$program") # RT_MANIFEST
    [[ $manifest == *asInvoker* && $manifest == *PerMonitorV2* ]] || fail "$program" "it has another manifest"
    # RT_VERSION, in UTF-16: what Windows shows under Details
    words=$(wrestool -x --raw -t 16 "$program" | iconv -c -f UTF-16LE -t UTF-8 | tr -d '\0')
    [[ $words == *"$VERSION"* && $words == *"$name.exe"* ]] || fail "$program" "it does not say that it is $name.exe $VERSION"
    kind=$(file -b "$program")
    case $arch:$kind in
      amd64:*x86-64*|arm64:*Aarch64*) ;;
      *) fail "$program" "it is $kind" ;;
    esac
    case $name:$kind in
      keyferry:*GUI*|keyferryctl:*console*) ;;
      *) fail "$program" "it is $kind" ;;
    esac
    echo "$arch $name.exe $VERSION"
  done
done
