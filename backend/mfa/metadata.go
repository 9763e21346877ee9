package mfa

import "time"

// Blob is one metadata BLOB that was accepted (FIDO Metadata Service section 3.1.6).
// Its bytes are kept apart.
type Blob struct {
	Number     int64    // no: rises with every publication
	Hash       [32]byte // SHA-256 of the file as it was imported
	ImportedAt time.Time
	NextUpdate time.Time // a day in UTC
	Signer     string    // common name of the certificate that signed it
	Source     string    // file name or address
	Entries    int       // that can be used
	Odd        int       // that could not be read
	Size       int64     // bytes of the file
}

// IsOverdue reports that a newer BLOB should have been published by now. It is no
// fault of the old one.
func (b Blob) IsOverdue(now time.Time) bool {
	return !b.NextUpdate.IsZero() && now.After(b.NextUpdate.AddDate(0, 0, 1))
}
