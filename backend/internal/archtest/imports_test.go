package archtest

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/keyferry/keyferry/"

// allowed says which of our packages each package may import, tests left out.
// Arrows point down only; leaves do not know one another.
var allowed = map[string][]string{
	// domain and what everything stands on
	"backend/mfa":       {},
	"backend/ctapcbor":  {},
	"backend/transport": {},
	"backend/durable":   {},
	"backend/audit":     {"backend/mfa"},

	// leaves
	"backend/home":             {"backend/mfa"},
	"backend/sqlite":           {"backend/mfa", "backend/audit", "backend/durable"},
	"backend/mfa/storetest":    {"backend/mfa", "backend/audit"},
	"backend/transport/ble":    {"backend/mfa", "backend/transport", "backend/platform/macos/foundation"},
	"backend/transport/hybrid": {"backend/mfa", "backend/transport", "backend/ctapcbor"},
	"backend/tunnel":           {"backend/ctapcbor"},
	"backend/totp":             {"backend/mfa"},
	"backend/totp/seedfile":    {"backend/mfa", "backend/totp"},
	"backend/qrpicture":        {"backend/mfa"},
	"backend/rp":               {"backend/mfa", "backend/ctapcbor"},
	"backend/ctap2":            {"backend/mfa", "backend/ctapcbor", "backend/ctap2/pinuv"},
	"backend/virtualauth":      {"backend/mfa", "backend/ctapcbor", "backend/ctap2", "backend/ctap2/pinuv", "backend/u2f"},
	"backend/vault":            {"backend/mfa"},
	"backend/vault/keyring":    {"backend/mfa"},
	"backend/auditverify":      {},
	"backend/sheet":            {},
	"backend/mds":              {"backend/mfa"},
	"backend/mds/mdstest":      {"backend/mfa", "backend/mds"},
	"backend/hello":            {"backend/mfa"},
	"backend/policy":           {"backend/mfa"},
	"backend/policy/lint":      {"backend/mfa", "backend/policy"},

	// security keys and this computer
	"backend/ctap2/pinuv":                    {"backend/mfa"},
	"backend/u2f":                            {"backend/mfa", "backend/ctap2", "backend/ctapcbor"},
	"backend/transport/hid":                  {"backend/mfa", "backend/transport", "backend/platform/macos/foundation"},
	"backend/transport/nfc":                  {"backend/mfa", "backend/transport"},
	"backend/transport/pcsc":                 {"backend/mfa", "backend/transport", "backend/transport/nfc"},
	"backend/platform/webauthnwin":           {"backend/mfa", "backend/ctap2", "backend/authenticator"},
	"backend/platform/webauthnwin/winecheck": {"backend/mfa", "backend/ctap2", "backend/authenticator", "backend/platform/webauthnwin", "backend/transport/ble"},
	"backend/platform/macos":                 {"backend/mfa", "backend/ctap2", "backend/authenticator", "backend/platform/macos/foundation"},
	"backend/platform/macos/foundation":      {},
	"backend/platform/credentialsd":          {},
	"backend/platform/tpm":                   {"backend/mfa", "backend/ctapcbor", "backend/ctap2", "backend/ctap2/pinuv"},
	"backend/keys":                           {"backend/mfa", "backend/transport", "backend/ctap2", "backend/u2f", "backend/authenticator"},
	"backend/simkey":                         {"backend/mfa", "backend/ctap2", "backend/virtualauth", "backend/transport", "backend/transport/hid", "backend/u2f"},
	"backend/readiness":                      {"backend/mfa", "backend/transport"},

	// suites that implementations run in their tests
	"backend/transport/channeltest": {"backend/ctap2", "backend/ctapcbor"},
	"backend/transport/radiotest":   {"backend/transport"},
	"backend/vault/vaulttest":       {"backend/mfa", "backend/vault"},
	"backend/platform/tpm/tpmtest":  {"backend/mfa"},

	// what puts leaves to work
	"backend/trust":         {"backend/mfa", "backend/rp", "backend/mds"},
	"backend/authenticator": {"backend/mfa", "backend/ctapcbor", "backend/ctap2"},
	"backend/phonesim": {"backend/mfa", "backend/ctapcbor", "backend/transport", "backend/ctap2",
		"backend/virtualauth", "backend/transport/hybrid", "backend/qrpicture"},
	"backend/vectors": {"backend/mfa", "backend/ctapcbor", "backend/ctap2", "backend/ctap2/pinuv", "backend/rp", "backend/transport/hybrid",
		"backend/totp", "backend/totp/seedfile", "backend/mds", "backend/trust", "backend/policy"},

	// use cases
	"backend/rules":       {"backend/mfa", "backend/policy"},
	"backend/enforcement": {"backend/mfa"},
	"backend/account":     {"backend/mfa", "backend/enforcement"},
	"backend/ceremony":    {"backend/mfa", "backend/account", "backend/authenticator", "backend/rp", "backend/totp", "backend/mds", "backend/trust", "backend/hello"},
	"backend/policies":    {"backend/mfa", "backend/account", "backend/policy", "backend/policy/lint", "backend/rules"},
	"backend/metadata":    {"backend/mfa", "backend/account", "backend/rp", "backend/mds"},
	"backend/admission":   {"backend/sheet", "backend/mfa", "backend/account", "backend/mds", "backend/metadata", "backend/hello", "backend/policy", "backend/rules"},
	"backend/devices":     {"backend/mfa", "backend/account"},
	"backend/stock":       {"backend/mfa", "backend/account", "backend/totp", "backend/totp/seedfile"},
	"backend/recovery":    {"backend/mfa", "backend/account"},
	"backend/report":      {"backend/mfa", "backend/account", "backend/sheet"},
	"backend/activity":    {"backend/mfa", "backend/account", "backend/audit", "backend/durable"},
	"backend/archive":     {"backend/mfa", "backend/account", "backend/audit", "backend/durable"},
	"backend/desk":        {"backend/mfa", "backend/account", "backend/ceremony", "backend/phonesim", "backend/devices", "backend/stock", "backend/recovery", "backend/report", "backend/activity", "backend/archive", "backend/vault", "backend/enforcement", "backend/policies", "backend/metadata", "backend/admission", "backend/keys", "backend/readiness", "backend/simkey"},

	// wiring
	"backend/assembly":                {"backend/mfa", "backend/account", "backend/ceremony", "backend/desk", "backend/authenticator", "backend/rules", "backend/devices", "backend/stock", "backend/recovery", "backend/report", "backend/activity", "backend/archive", "backend/mds", "backend/policies", "backend/metadata", "backend/admission", "backend/vault", "backend/vault/keyring", "backend/home", "backend/sqlite", "backend/transport", "backend/transport/ble", "backend/transport/hybrid", "backend/tunnel", "backend/phonesim", "backend/keys", "backend/readiness", "backend/simkey", "backend/transport/hid", "backend/transport/pcsc", "backend/platform/tpm", "backend/platform/webauthnwin", "backend/platform/credentialsd", "backend/platform/macos"},
	"backend/cmd/keyferryctl/words":   {"backend/mfa"},
	"backend/cmd/keyferryctl/examine": {"backend/mfa", "backend/ctapcbor", "backend/rp", "backend/mds", "backend/trust", "backend/hello", "backend/policy", "backend/admission"},
	"backend/cmd/keyferryctl":         {"*"},

	// the window: what the page asks goes to desk, and app alone puts them together
	"app/events": {"backend/desk"},
	"app/bind":   {"backend/mfa", "backend/account", "backend/ceremony", "backend/desk", "backend/phonesim", "backend/devices", "backend/stock", "backend/recovery", "backend/report", "backend/activity", "backend/archive", "backend/vault", "backend/totp", "backend/totp/seedfile", "backend/enforcement", "backend/mds", "backend/hello", "backend/policy", "backend/policy/lint", "backend/policies", "backend/metadata", "backend/admission", "backend/ctap2", "backend/keys", "backend/readiness", "backend/simkey"},
	"app":        {"app/bind", "app/events", "frontend", "backend/assembly", "backend/home", "backend/qrpicture", "backend/rp"},

	// the window from outside, as a person: nothing of the product
	"app/e2e":         {},
	"app/e2e/atspi":   {},
	"app/e2e/desktop": {"app/e2e/atspi"},
	"app/e2e/window":  {"app/e2e/atspi", "app/e2e/desktop"},
	"app/e2e/walk":    {"app/e2e/atspi", "app/e2e/window"},
	"app/e2e/measure": {"app/e2e/desktop"},
	"app/e2e/machine": {"backend/simkey", "backend/transport", "backend/transport/hid"},
	"app/e2e/tour":    {"app/e2e/desktop", "app/e2e/machine", "app/e2e/walk", "app/e2e/window", "backend/simkey", "backend/transport", "backend/transport/ble"},
}

func packages(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-tags", "desktop,production,webkit2_41,e2e", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./backend/...", "./app/...")
	cmd.Dir = filepath.Join("..", "..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		found[strings.TrimPrefix(fields[0], module)] = fields[1:]
	}
	return found
}

func TestArrowsPointDown(t *testing.T) {
	for path, imports := range packages(t) {
		if strings.HasPrefix(path, "backend/internal/") {
			continue
		}
		may, known := allowed[path]
		if !known {
			t.Errorf("%s is not in the import table: give it a place", path)
			continue
		}
		for _, imp := range imports {
			ours, internal := strings.CutPrefix(imp, module)
			switch {
			case internal && !slices.Contains(may, ours) && !slices.Contains(may, "*"):
				t.Errorf("%s imports %s, which the table does not allow", path, ours)
			case strings.Contains(imp, "wailsapp") && path != "app":
				t.Errorf("%s imports %s: only app knows what the window is made with", path, imp)
			case imp == "database/sql" && path != "backend/sqlite" && path != "backend/auditverify":
				t.Errorf("%s imports database/sql: only backend/sqlite knows SQL, and backend/auditverify reads one table by itself", path)
			case path == "backend/mfa" && strings.Contains(strings.SplitN(imp, "/", 2)[0], "."):
				t.Errorf("the domain imports %s: it may import the standard library only", imp)
			}
		}
	}
}

func TestEveryPackageHasADoc(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	for path := range packages(t) {
		if _, err := os.Stat(filepath.Join(root, path, "doc.go")); err != nil {
			t.Errorf("%s has no doc.go", path)
		}
	}
}

func TestDocumentShowsTheTable(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(allowed)) {
		short := func(p string) string { return strings.TrimPrefix(p, "backend/") }
		may := make([]string, len(allowed[path]))
		for i, m := range allowed[path] {
			may[i] = short(m)
		}
		slices.Sort(may)
		what := strings.Join(may, ", ")
		switch what {
		case "":
			what = "nothing of ours"
		case "*":
			what = "everything below it"
		}
		if row := fmt.Sprintf("| `%s` | %s |", short(path), what); !strings.Contains(string(doc), row) {
			t.Errorf("docs/ARCHITECTURE.md lacks the row\n%s", row)
		}
	}
}
