#!/usr/bin/env bash
# Installs the .deb in a clean system that has nothing but Debian's smallest set of packages,
# over an older version of it, and walks the tour through the installed window there: its own
# files and processes, no network but its own loopback, no rights. Then it is purged, and only
# what somebody made with it stays. Packages come from where this machine gets its own.
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

# The same as an older version, with a file that the next one no longer has.
dpkg-deb -R "$deb" "$work/older"
sed -i 's/^Version: .*/Version: 0.0.1/' "$work/older/DEBIAN/control"
touch "$work/older/usr/share/keyferry-had-this"
dpkg-deb --root-owner-group -Zgzip -z1 --build "$work/older" "$work/older.deb" >/dev/null

sources=()
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  [[ ! -s $file || ! $file =~ \.(list|sources)$|/sources\.list$ ]] || sources+=("$file")
done
apt() { chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 -y -qq "$@" >/dev/null; }
installed() { chroot "$root" dpkg-query -W -f '${Package} ${Version} (${Status})' keyferry; }
echo "A clean $suite, with the .deb and what the tour looks through"
# First what a person does, with all that the package asks for and recommends; then the rest.
mmdebstrap --quiet --variant=minbase --aptopt='APT::Install-Recommends "true"' \
  --customize-hook="copy-in '$deb' '$work/older.deb' /root" \
  --customize-hook='chroot "$1" apt-get update -qq' \
  --customize-hook='chroot "$1" apt-get install -y -qq /root/older.deb' \
  --customize-hook='chroot "$1" apt-get install -y -qq --no-install-recommends xvfb dbus at-spi2-core xdotool imagemagick fonts-dejavu-core' \
  --customize-hook='chroot "$1" useradd -m tourist' \
  "$suite" "$root" "${sources[@]}" >"$work/log" 2>&1 || { tail -30 "$work/log" >&2; exit 1; }
echo "installed: $(installed)"

# What somebody made with it, before the next version comes.
as_tourist() { chroot --userspec=tourist:tourist "$root" env -i HOME=/home/tourist PATH=/usr/bin:/bin LC_ALL=C.UTF-8 "$@"; }
as_tourist keyferryctl account create --sandbox --alias try-it --email root@sandbox.keyferry.internal --password-stdin >/dev/null <<<'a long password of theirs'
theirs() { (cd "$root/home/tourist" && find .config -type f -exec sha256sum {} + | sort); }
before=$(theirs)
[ -n "$before" ] || { echo "There are no data to keep." >&2; exit 1; }
apt install "/root/$(basename "$deb")"
echo "upgraded: $(installed)"
[[ $(installed) == *" $VERSION (install ok installed)" ]] || { echo "It was not upgraded." >&2; exit 1; }
for file in /usr/bin/keyferry /usr/bin/keyferryctl "/usr/share/applications/$id.desktop" /usr/lib/udev/rules.d/70-keyferry.rules; do
  [ -s "$root$file" ] || { echo "$file was not installed" >&2; exit 1; }
done
[ ! -e "$root/usr/share/keyferry-had-this" ] || { echo "A file of the older version was left." >&2; exit 1; }

# Where udev runs, it is told of the rule: udev is one here that writes down what it is told.
mkdir -p "$root/run/udev" "$root/udev"
printf '#!/bin/sh\necho "$*" >> /udev/told\n' > "$root/udev/udevadm"
chmod 755 "$root/udev/udevadm"
chroot "$root" env PATH=/udev:/usr/bin:/bin /var/lib/dpkg/info/keyferry.postinst configure
diff "$root/udev/told" - <<<$'control --reload\ntrigger --subsystem-match=hidraw --action=change' || { echo "udev was not told of the rule." >&2; exit 1; }

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

# And it goes as it came: nothing stays of what the package brought, all of what is theirs.
apt purge keyferry
left=$(find "$root" -xdev -iname '*keyferry*' -not -path "$root/home/*" -not -path "$root/root/*")
[ -z "$left" ] || { echo "purged, and left: $left" >&2; exit 1; }
[ "$before" = "$(theirs)" ] || { echo "Somebody's data are not as they were." >&2; exit 1; }
echo "and purged without a trace; the data are as they were"
