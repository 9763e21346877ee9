//go:build !darwin || !associated

package macos

func load() (services, error) { return nil, missing(whyNotBuilt) }
