// Package qrpicture draws a text as a QR code and reads one back from a picture
// (ISO/IEC 18004). Drawing and reading are two independent libraries, so that
// what one gets wrong the other does not forgive.
//
// It knows nothing of what a code says, keeps no picture, and never guesses: a
// picture gives the text of a code that passed its error correction, or a failure.
//
// Reading order: matrix.go (draw), luminance.go (pixels to grey), read.go (grey
// to text).
package qrpicture
