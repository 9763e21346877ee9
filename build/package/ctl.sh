#!/usr/bin/env bash
# keyferryctl alone, for Linux machines without a screen:
#   build/package/ctl.sh amd64|arm64
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh
. build/package/tree.sh

tree=$made/keyferryctl-$VERSION-linux-$1
put 755 "$made/programs/linux-$1/keyferryctl" "$tree"
put 644 "$made"/licences/* build/linux/70-keyferry.rules "$tree"
tarball "$tree"
