//go:build !linux && !windows && !darwin

package readiness

func (f *Facts) find(func(string) string) {}
