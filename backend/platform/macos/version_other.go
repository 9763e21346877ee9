//go:build !darwin

package macos

func productVersion() (string, error) { return "", missing(whyNotBuilt) }
