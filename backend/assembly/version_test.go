package assembly

import "testing"

func TestVersion(t *testing.T) {
	for name, c := range map[string]struct{ linked, want string }{
		"of a package":    {"0.5.0", "0.5.0"},
		"of a test's own": {"", "dev"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func(was string) { version = was }(version)
			if version = c.linked; Version() != c.want {
				t.Errorf("got %q, want %q", Version(), c.want)
			}
		})
	}
}
