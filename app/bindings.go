//go:build bindings

package app

// bindingsOnly: Wails' tool runs this build to write the page's bindings. No
// window comes up, and nobody's data may be opened for that.
const bindingsOnly = true
