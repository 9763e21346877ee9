// Command inventory says what the packages are made of: a CycloneDX bill of materials and
// the licences of all that is inside. What is inside it reads from the built programs
// themselves (debug/buildinfo) and from what the bundler put into the page, so that nothing
// is listed that is not there. It asks no network: module cache and node_modules have it all.
//
// It fails when a module comes without a licence file, or with a licence that nobody has
// looked at yet (licences.go).
//
// Reading order: main.go, modules.go, npm.go, licences.go, then what is written: sbom.go
// (CycloneDX 1.6) and text.go.
package main
