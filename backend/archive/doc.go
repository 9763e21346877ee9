// Package archive puts a whole account into one sealed file and back, and rehearses
// that before anybody needs it.
package archive
