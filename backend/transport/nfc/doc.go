// Package nfc carries CTAP messages over APDUs (CTAP 2.2 section 11.3).
package nfc
