#!/usr/bin/env bash
# Builds the programs of one system, the same bytes in every folder:
#   build/package/programs.sh linux|windows amd64|arm64 [window]
# keyferryctl needs no C compiler. Without "window" it is all that is built: on Linux the
# window needs the C libraries of its own architecture.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh
export GOOS=$1 GOARCH=$2 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local GOAMD64=v1 GOARM64=v8.0
window=${3-}

out=$made/programs/$GOOS-$GOARCH
mkdir -p "$out"
echo "Programs for $GOOS on $GOARCH"
ldflags="-s -w -X github.com/keyferry/keyferry/backend/assembly.version=$VERSION -X github.com/keyferry/keyferry/backend/assembly.revision=$REVISION"

# resource FOLDER NAME DESCRIPTION: go build takes a .syso out of the package's folder and
# from nowhere else (-overlay does not reach it), so it stands there while it is needed.
resources=()
trap 'rm -f "${resources[@]}"' EXIT
resource() {
  local arm=() file=$PWD/$1/rsrc_windows_$GOARCH.syso
  [ "$GOARCH" != arm64 ] || arm=(-arm)
  resources+=("$file")
  env -u GOOS -u GOARCH go -C build/package tool goversioninfo -64 "${arm[@]}" -icon "$made/icons/keyferry.ico" \
    -manifest "$PWD/build/windows/keyferry.exe.manifest" -internal-name "$2" -original-name "$2.exe" -description "$3" \
    -product-version "$VERSION" -file-version "$VERSION" -propagate-ver-strings -o "$file" "$PWD/build/windows/versioninfo.json"
}

case $GOOS in
  windows)
    resource . keyferry Keyferry
    resource backend/cmd/keyferryctl keyferryctl "Keyferry on the command line"
    # Where WebView2 is missing the app asks, and opens Microsoft's page; it downloads nothing.
    CGO_ENABLED=0 go build -trimpath -tags desktop,production,wv2runtime.browser -ldflags "$ldflags -H windowsgui" -o "$out/keyferry.exe" .
    CGO_ENABLED=0 go build -trimpath -ldflags "$ldflags" -o "$out/keyferryctl.exe" ./backend/cmd/keyferryctl
    build/package/sign.sh "$out/keyferry.exe" "$out/keyferryctl.exe"
    ;;
  linux)
    [ -z "$window" ] || CGO_ENABLED=1 go build -trimpath -buildmode=pie -tags desktop,production,webkit2_41 -ldflags "$ldflags" -o "$out/keyferry" .
    CGO_ENABLED=0 go build -trimpath -buildmode=pie -ldflags "$ldflags" -o "$out/keyferryctl" ./backend/cmd/keyferryctl
    ;;
esac
