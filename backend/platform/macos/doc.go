// Package macos is what macOS offers to an app without special entitlements.
package macos
