// Package tpm is a CTAP2 authenticator whose keys live in this computer's TPM.
package tpm
