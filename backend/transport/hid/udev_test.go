package hid

import (
	"cmp"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write build/linux/"+RulesFile)

// TestRulesFile holds the packaged file to the table of makers.
func TestRulesFile(t *testing.T) {
	path := filepath.Join("..", "..", "..", "build", "linux", RulesFile)
	if *update {
		if err := os.WriteFile(path, []byte(UdevRules()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != UdevRules() {
		t.Errorf("%s is not what the table says: go test ./backend/transport/hid -run TestRulesFile -update", path)
	}
}

func TestMakers(t *testing.T) {
	if !slices.IsSortedFunc(makers, func(a, b maker) int { return cmp.Compare(a.vendor, b.vendor) }) {
		t.Error("the table is not sorted by vendor")
	}
	for i, m := range makers {
		if strings.ContainsAny(m.name, "\n\"") || i > 0 && makers[i-1].vendor == m.vendor {
			t.Errorf("%04x: %q", m.vendor, m.name)
		}
	}
}

func TestUdevRule(t *testing.T) {
	for name, c := range map[string]struct {
		vendor uint16
		has    string
	}{
		"a maker":           {0x1050, "# Yubico\nATTRS{idVendor}==\"1050\", TAG+=\"uaccess\"\n"},
		"nobody we know":    {0x00ab, "ATTRS{idVendor}==\"00ab\", TAG+=\"uaccess\"\n"},
		"a shared ID":       {0x0483, "# STMicroelectronics (shared: MIRKey and others)\nATTRS{idVendor}==\"0483\", TAG+=\"uaccess\"\n"},
		"by its descriptor": {1, "ENV{ID_SECURITY_TOKEN}==\"1\", TAG+=\"uaccess\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if rule := UdevRule(c.vendor); !strings.Contains(rule, c.has) || strings.Count(rule, "uaccess") != 2 || !strings.HasSuffix(rule, "LABEL=\"keyferry_end\"\n") {
				t.Errorf("the rule is\n%s", rule)
			}
		})
	}
}
