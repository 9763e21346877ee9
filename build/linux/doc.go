// Package linux is the folder of what a Linux desktop wants to know of the app. It has no
// code; its test holds the packages' files, of all systems, to the product's name, version
// and ID, so that none of them speaks of another product or another release.
package linux
