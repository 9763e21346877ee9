// Package vault seals secrets at rest with one data key per account, and keeps that
// key wrapped in slots: the system's secret store, a passphrase, a recovery file. Each
// slot alone is enough.
package vault
