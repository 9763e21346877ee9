# Puts a tree of files together, for the scripts that pack it:
#   put MODE FILE... FOLDER    copies files, with their rights
#   settle TREE                gives all of it the commit's time
#   bounded FILE               refuses what is larger than an installer may be
put() { install -D -m "$1" -t "${@: -1}" "${@:2:$#-2}"; }
settle() { find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }

# tarball TREE: DIST/NAME.tar.gz of it, equal for equal files
tarball() {
  settle "$1"
  tar --sort=name --format=ustar --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    -C "$(dirname "$1")" -c "$(basename "$1")" | gzip -9n > "$dist/$(basename "$1").tar.gz"
}

most=${PACKAGES_MOST:-20000000} # bytes
bounded() {
  local size
  size=$(stat -c %s "$1")
  [ "$size" -le "$most" ] || { echo "$1 has $size bytes. At most $most are allowed." >&2; exit 1; }
}
