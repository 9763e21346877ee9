//go:build !unix

package archive

// syncFolder does nothing: folders cannot be synced here, and NTFS journals names.
func syncFolder(string) error { return nil }
