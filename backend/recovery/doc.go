// Package recovery makes and takes the printed one-time codes that stand in for root's
// device when it is lost. They are this product's own; IAM has nothing like them. Users
// have none: an administrator takes a lost device from them.
//
// There are ten, of 80 random bits each, in groups of four: 4F7K-Q2MX-90TC-HZ5B. They
// are shown once, when they are made, and new ones put all old ones out of use. Letters
// that look like others are not written (I, L, O, U) and are read for what they look
// like: O is 0, I and L are 1. Case, blanks and dashes do not matter.
//
// Kept is SHA-256 of a code under the ID of its row, sealed by the vault for that row.
// A slow hash would be for what people choose; 80 bits by chance are beyond guessing
// offline, and whoever has both database and data key has the seeds as well. A code is
// held against all of them in the same time, whichever it is. How often one may be tried
// is for the caller to say (package ceremony, with the gate of all codes).
//
// Reading order: text.go (how codes are written and read), service.go.
package recovery
