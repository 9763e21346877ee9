package readiness_test

import (
	"fmt"
	"testing"

	"github.com/keyferry/keyferry/backend/readiness"
)

func TestDocumented(t *testing.T) {
	for _, c := range []struct {
		system string
		way    readiness.Way
		want   string
	}{
		{"linux", readiness.WayKey, "yes [Chrome] browsers"},
		{"linux", readiness.WayNFC, "yes [Chrome] browsers"},
		{"windows", readiness.WayKey, "yes [Chrome Edge Firefox] browsers"},
		{"darwin", readiness.WayKey, "yes [Chrome Safari Edge Firefox] browsers"},
		{"ios", readiness.WayKey, "yes [Chrome Safari Edge Firefox] browsers"},
		{"android", readiness.WayKey, "no [] no-browser"},
		{"freebsd", readiness.WayKey, "unsaid [] "},
		{"windows", readiness.WayComputer, "no [] windows-hello"},
		{"darwin", readiness.WayComputer, "yes [] built-in"},
		{"linux", readiness.WayComputer, "unsaid [] "},
		{"windows", readiness.WayPhone, "yes [] other-device"},
		{"linux", readiness.WayPhone, "unsaid [] "},
		{"linux", readiness.WayCode, "yes [] any-system"},
	} {
		d := readiness.DocumentedFor(c.system, c.way)
		if got := fmt.Sprint(d.Support, " ", d.Browsers, " ", d.Note); got != c.want || d.System != c.system || d.Way != c.way {
			t.Errorf("%s, %s: %s", c.system, c.way, got)
		}
	}
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name  string
		facts readiness.Facts
		want  string
	}{
		{"here", readiness.Facts{}, "yes browsers ready"},
		{"virtual", readiness.Facts{Virtual: "kvm", Remote: "ssh"}, "no virtual ready"},
		{"a container", readiness.Facts{Virtual: "container"}, "yes browsers ready"},
		{"remote", readiness.Facts{Remote: "ssh"}, "no remote ready"},
	} {
		config := world()
		config.Machine = machine(c.facts)
		list := readiness.New(config).Check(t.Context(), readiness.Options{}).Compare()
		if len(list) != len(readiness.Ways()) {
			t.Fatalf("%d ways", len(list))
		}
		if got := fmt.Sprint(list[1].Support, " ", list[1].Note, " ", list[1].Here); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
