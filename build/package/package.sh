#!/usr/bin/env bash
# Makes all packages, in build/dist. The page must have been built (make package does that).
# Nothing is downloaded here but what Go and npm have not fetched yet.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh
machine=$(dpkg --print-architecture)

rm -rf "$dist" "$made"
mkdir -p "$dist" "$made/licences"
build/package/icons.sh
targets=("linux $machine window" "linux amd64" "linux arm64" "windows amd64 window" "windows arm64 window")
for target in "${targets[@]}"; do
  build/package/programs.sh $target
done

echo "The inventory"
node build/package/page.mjs > "$made/page.json"
go -C build/package run ./inventory -root "$PWD" -page "$made/page.json" -version "$VERSION" -time "$SOURCE_DATE_EPOCH" \
  -sbom "$dist/keyferry-$VERSION.cdx.json" -licences "$made/licences/THIRD-PARTY-LICENCES.txt" "$made"/programs/*/*
cp LICENSE "$made/licences/LICENCE.txt"
cp "$made/licences/THIRD-PARTY-LICENCES.txt" "$dist/"

build/package/linux.sh "$machine"
for arch in amd64 arm64; do
  build/package/ctl.sh "$arch"
  build/package/windows.sh "$arch"
done
(cd "$dist" && sha256sum -- * > SHA256SUMS)
ls -l "$dist"
