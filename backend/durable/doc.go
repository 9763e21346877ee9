// Package durable makes what was done to a folder survive a power cut: a new name, a
// renamed file. The content of files is for whoever writes them to sync.
package durable
