//go:build !unix

package durable

// SyncFolder does nothing: folders cannot be synced here, and NTFS journals names.
func SyncFolder(string) error { return nil }
