// Package simkey is the sandbox's security key: a key in software, on a USB bus of its own.
package simkey
