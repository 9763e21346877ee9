package assembly

import (
	"cmp"
	"runtime/debug"
)

// Packages set both when they link (build/package/programs.sh), as text that is the same
// wherever they are built; what Go records by itself depends on the folder's history.
var version, revision string

// Version is the product's version, as "0.5.0" (info.productVersion of wails.json), or
// what Go recorded of the module, or "dev".
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "" && info.Main.Version != "(devel)" {
		return cmp.Or(info.Main.Version, "dev")
	}
	return cmp.Or(version, "dev")
}

// Revision is the commit the program was built from, in hexadecimal, or empty if
// nobody recorded it.
func Revision() string {
	if info, ok := debug.ReadBuildInfo(); ok && revision == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return revision
}
