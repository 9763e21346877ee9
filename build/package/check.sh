#!/usr/bin/env bash
# Holds what lies in build/dist to what is promised of packages. Ends with the first that
# does not hold.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh

step() { printf '\n== %s\n' "$1"; shift; "$@"; }
sums() { (cd "$dist" && sha256sum --check --quiet SHA256SUMS && echo "$(wc -l < SHA256SUMS) sums hold"); }
inventory() { (cd build/package && go vet ./... && go test ./...); }
desktop() {
  desktop-file-validate "build/linux/$id.desktop"
  appstreamcli validate --no-net "build/linux/$id.metainfo.xml"
}
# Debian wants manual pages, and a list of bugs a first upload closes. We have neither yet.
deb() {
  lintian --allow-root --fail-on error,warning --suppress-tags no-manual-page,initial-upload-closes-no-bugs "$dist"/*.deb
  dpkg-deb --info "$dist"/*.deb | sed -n 's/^ \(Depends\|Recommends\|Suggests\)/\1/p'
}

step "Sums" sums
step "The inventory's own tests" inventory
step "Desktop file and AppStream data" desktop
step "The .deb, by Debian's own checker" deb
step "What each package holds, and the bill of materials" build/package/contents.sh
step "Version information and manifest" build/package/resources.sh
step "Signing, with a certificate made for this" build/package/signing.sh
step "The Windows installer, under wine" build/package/install.sh
step "Installed and walked through in a clean system" build/package/clean-root.sh
step "Built again, in two other folders" build/package/reproducible.sh
printf '\nAll holds.\n'
