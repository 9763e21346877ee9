// Package frontend holds the built window as files. The build writes dist; a
// checkout without a build still compiles, because dist/.gitkeep is committed.
package frontend

import "embed"

// Dist is the folder dist with index.html at dist/index.html.
//
//go:embed all:dist
var Dist embed.FS
