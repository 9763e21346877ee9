// Package home is the data folder: where it is, who may look into it, which file
// in it is which, and that only one process uses it at a time.
//
// It never reads or writes what the files hold.
//
// The folder has mode 0700. The lock is on a file of its own, "lock", and is held
// by the kernel for as long as the process lives: a killed process leaves nothing
// to clean up. On Unix it is flock(2), on Windows LockFileEx.
//
// Reading order: home.go, lock_unix.go, lock_windows.go.
package home
