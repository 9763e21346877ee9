#!/usr/bin/env bash
# Installs the .deb in a clean system that has nothing but Debian's smallest set of packages,
# and walks the tour through the installed window there: its own files and processes, no
# network but its own loopback, no rights. Packages come from where this machine gets its own.
#   build/package/clean-root.sh [PICTURES]
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/names.sh
[ "$(id -u)" -eq 0 ] || { echo "A clean system can be made by root only: sudo build/package/clean-root.sh" >&2; exit 1; }
pictures=${1:-build/tour}
deb=$(ls "$dist"/keyferry_*_"$(dpkg --print-architecture)".deb)
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root
CGO_ENABLED=0 go build -o "$work/tour" ./app/e2e/tour

sources=()
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  [[ ! -s $file || ! $file =~ \.(list|sources)$|/sources\.list$ ]] || sources+=("$file")
done
echo "A clean $suite, with the .deb and what the tour looks through"
# First what a person does, with all that the package asks for and recommends; then the rest.
mmdebstrap --quiet --variant=minbase --aptopt='APT::Install-Recommends "true"' \
  --customize-hook="copy-in '$deb' /" \
  --customize-hook='chroot "$1" apt-get update -qq' \
  --customize-hook="chroot \"\$1\" apt-get install -y -qq '/$(basename "$deb")'" \
  --customize-hook='chroot "$1" dpkg -l > "$1/installed.txt"' \
  --customize-hook='chroot "$1" apt-get install -y -qq --no-install-recommends xvfb dbus at-spi2-core xdotool imagemagick fonts-dejavu-core' \
  --customize-hook='chroot "$1" useradd -m tourist' \
  "$suite" "$root" "${sources[@]}" >"$work/log" 2>&1 || { tail -30 "$work/log" >&2; exit 1; }
echo "installed: $(chroot "$root" dpkg-query -W -f '${Package} ${Version} (${Status})' keyferry)"
for file in /usr/bin/keyferry /usr/bin/keyferryctl "/usr/share/applications/$id.desktop" /usr/lib/udev/rules.d/70-keyferry.rules; do
  [ -s "$root$file" ] || { echo "$file was not installed" >&2; exit 1; }
done

install -d -m 755 "$root/tour"
install -m 755 "$work/tour" "$root/tour/tour"
cp -r frontend/src/i18n/en "$root/tour/texts"
install -d -m 777 "$root/tour/pictures"
chmod -R a+rX "$root/tour/texts"

# Mounts, processes and network of its own: all of it ends with the walk.
unshare --mount --pid --net --ipc --uts --fork --kill-child bash -euo pipefail -s "$root" <<'INSIDE'
root=$1
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir -m 1777 "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -m 1777 "$root/tmp/.X11-unix"
ip link set lo up
exec chroot --userspec=tourist:tourist "$root" env -i HOME=/home/tourist PATH=/usr/bin:/bin LC_ALL=C.UTF-8 \
  /tour/tour -bin /usr/bin -texts /tour/texts -out /tour/pictures
INSIDE
mkdir -p "$pictures"
cp "$root"/tour/pictures/*.png "$pictures/"

# And it goes as it came: what the package brought is removed, and nothing of it stays.
chroot "$root" apt-get -o Dpkg::Use-Pty=0 purge -y -qq keyferry >/dev/null
left=$(find "$root/usr" "$root/etc" -iname '*keyferry*')
[ -z "$left" ] || { echo "purged, and left: $left" >&2; exit 1; }
echo "and purged without a trace"
