//go:build !unix

package sqlite

// syncFolder does nothing: folders cannot be synced here, and NTFS journals names.
func syncFolder(string) error { return nil }
