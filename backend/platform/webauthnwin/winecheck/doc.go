// Winecheck runs the Windows half of webauthnwin and of the radio under wine, over a
// webauthn.dll in C that says what it was given (build/wine). It is built for Windows by
// the test beside it and is no part of the product.
//
//	version | hello | window | radio | make | get   [-cancel D] [-deadline D] [-plain]
//
// It reads one question per line, as JSON with what the library is to do (fake) and one
// of the above (do), and prints one JSON object for each, whatever came out.
package main
