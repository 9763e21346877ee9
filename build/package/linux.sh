#!/usr/bin/env bash
# The app for Linux, as .deb and as tarball, for the machine's architecture:
#   build/package/linux.sh amd64|arm64
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh
. build/package/tree.sh
arch=$1

# usr TREE: what both have, in the folders where desktops look for it
usr() {
  put 755 "$made/programs/linux-$arch/keyferry" "$made/programs/linux-$arch/keyferryctl" "$1/bin"
  put 644 "build/linux/$id.desktop" "$1/share/applications"
  put 644 "build/linux/$id.metainfo.xml" "$1/share/metainfo"
  put 644 build/linux/70-keyferry.rules "$1/lib/udev/rules.d"
  local size
  for size in 16 24 32 48 64 128 256 512; do
    install -D -m 644 "$made/icons/$size.png" "$1/share/icons/hicolor/${size}x$size/apps/$id.png"
  done
  install -D -m 644 build/appicon.svg "$1/share/icons/hicolor/scalable/apps/$id.svg"
}

# --- tarball -----------------------------------------------------------------
tree=$made/keyferry-$VERSION-linux-$arch
usr "$tree"
put 644 "$made"/licences/* build/linux/INSTALL.txt "$tree"
tarball "$tree"

# --- deb ---------------------------------------------------------------------
tree=$made/deb
usr "$tree/usr"
doc=$tree/usr/share/doc/keyferry
put 644 "$made/licences/THIRD-PARTY-LICENCES.txt" build/linux/copyright "$doc"
gzip -9n "$doc/THIRD-PARTY-LICENCES.txt"
sed -e "s/@VERSION@/$VERSION/" -e "s/@DATE@/$(date -R -d "@$SOURCE_DATE_EPOCH")/" build/linux/changelog | gzip -9n > "$doc/changelog.gz"

# What the programs are linked with, in the versions whose symbols they use.
mkdir -p "$tree/DEBIAN" "$made/shlibdeps/debian"
echo "Source: keyferry" > "$made/shlibdeps/debian/control"
programs=$tree/usr/bin
needs=$(cd "$made/shlibdeps" && dpkg-shlibdeps --warnings=0 -O -e"$programs/keyferry" -e"$programs/keyferryctl" | sed -n 's/^shlibs:Depends=//p')
[[ $needs == *libwebkit2gtk-4.1-0* && $needs == *libgtk-3-0* ]] || { echo "The window's libraries are not among what it needs: $needs" >&2; exit 1; }
sed -e "s/@VERSION@/$VERSION/" -e "s/@ARCH@/$arch/" -e "s/@NEEDS@/$needs/" -e "s/@SIZE@/$(du -k --apparent-size -s "$tree/usr" | cut -f1)/" \
  build/linux/control > "$tree/DEBIAN/control"
put 755 build/linux/postinst "$tree/DEBIAN"
(cd "$tree" && find usr -type f | sort | xargs md5sum > DEBIAN/md5sums)
settle "$tree"
dpkg-deb --root-owner-group -Zxz --build "$tree" "$dist/keyferry_${VERSION}_$arch.deb"
bounded "$dist/keyferry_${VERSION}_$arch.deb"
