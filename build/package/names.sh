# What every script here needs to know, to be read by them from the root of the sources:
#   VERSION            the product's; from wails.json unless it is given
#   SOURCE_DATE_EPOCH  the commit's time, which all files in packages get
#   REVISION           the commit
# Sources without git need the last two given.
id=io.github.keyferry.keyferry
dist=${PACKAGES_DIST:-$PWD/build/dist}
made=${PACKAGES_MADE:-$PWD/build/.stamps/packing} # what packages are put together from
export VERSION=${VERSION:-$(node -p 'require("./wails.json").info.productVersion')}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export REVISION=${REVISION:-$(git rev-parse HEAD)$(git diff --quiet HEAD || echo -changed)}
export TZ=UTC LC_ALL=C.UTF-8
umask 022
[[ $VERSION =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "The version is to be like 1.2.3, and is \"$VERSION\"." >&2; exit 1; }
