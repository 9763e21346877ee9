package app

import (
	"embed"
	"io/fs"

	"github.com/keyferry/keyferry/frontend"
)

// notBuilt is shown by a binary that was compiled before the front end was
// built: a developer's mistake that must not look like an empty window.
//
//go:embed notbuilt
var notBuilt embed.FS

// icon is build/appicon.svg at 128 pixels, for the task bar on Linux.
//
//go:embed icon.png
var icon []byte

// page is the built front end, or the page that says how to build it.
func page() fs.FS {
	dist := sub(frontend.Dist, "dist")
	if _, err := fs.Stat(dist, "index.html"); err != nil {
		return sub(notBuilt, "notbuilt")
	}
	return dist
}

// sub cannot fail for the valid paths it is called with.
func sub(files embed.FS, folder string) fs.FS {
	inner, err := fs.Sub(files, folder)
	if err != nil {
		return files
	}
	return inner
}
