// Package stock imports hardware tokens from their vendors' seed files: first a
// preview, in which every row can be compared with the token that it describes,
// then all rows or those that are good, sealed, in one transaction. It never signs
// anybody in, gives no token to anybody (package ceremony does, by serial number
// and two codes), and lets no seed out: a Preview gives codes, never keys.
//
// Formats and their bounds are those of totp/seedfile. Lists of otpauth addresses
// go to the stock as tokens, too: IAM calls such devices virtual, but a virtual
// device that belongs to nobody is swept when the next one is made, and a list is
// imported to be given out over weeks.
//
// # Serial numbers
//
// A device's serial is [\w+=/:,.@-]{9,256} (serialNumberType of the IAM model). The
// token's own number is kept wherever it fits. Where it does not, Row.Mapped is what
// it will be called here, and both are shown:
//
//	1234567                    001234567                      zeros before a short one
//	otpauth address            otpauth/Issuer:account         it has no number of its own;
//	  "My Bank:li@x.org"       otpauth/My=20Bank:li@x.org     other bytes become =XX
//
// Both mappings are the same in every import, so that a token that is known already
// is recognised. Different names never become one; two addresses of one name are
// duplicates, since nobody could tell them apart afterwards.
//
// Reading order: row.go (what is shown), preview.go (reading and live codes),
// serial.go (mapping), seeds.go (seeds that are known), import.go (sealing and keeping).
package stock
