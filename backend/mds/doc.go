// Package mds reads the BLOB of the FIDO Metadata Service (MDS 3.0 to 3.1.1): it verifies
// it against pinned roots, indexes its entries, and says which certification levels a
// model of authenticators has.
package mds
