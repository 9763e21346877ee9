package linux

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/transport/hid"
)

// id names the app among all apps of a desktop: files, icons and the macOS bundle bear it.
const id = "io.github.keyferry.keyferry"

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

type product struct {
	Program string `json:"outputfilename"`
	Info    struct {
		Company   string `json:"companyName"`
		Name      string `json:"productName"`
		Version   string `json:"productVersion"`
		Copyright string `json:"copyright"`
		Summary   string `json:"comments"`
	} `json:"info"`
}

func theProduct(t *testing.T) (p product) {
	t.Helper()
	if err := json.Unmarshal(read(t, "..", "..", "wails.json"), &p); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(p.Info.Version) {
		t.Fatalf("the version is %q", p.Info.Version)
	}
	return p
}

func TestDesktopFile(t *testing.T) {
	p := theProduct(t)
	entry := map[string]string{}
	for s := bufio.NewScanner(bytes.NewReader(read(t, id+".desktop"))); s.Scan(); {
		if k, v, ok := strings.Cut(s.Text(), "="); ok {
			entry[k] = v
		}
	}
	for key, want := range map[string]string{"Name": p.Info.Name, "Comment": p.Info.Summary, "Exec": p.Program, "Icon": id, "StartupWMClass": p.Program} {
		if entry[key] != want {
			t.Errorf("%s is %q, and the product's is %q", key, entry[key], want)
		}
	}
}

func TestMetainfo(t *testing.T) {
	p := theProduct(t)
	var m struct {
		ID         string   `xml:"id"`
		Name       string   `xml:"name"`
		Summary    string   `xml:"summary"`
		Developer  string   `xml:"developer_name"`
		Licence    string   `xml:"project_license"`
		Launchable string   `xml:"launchable"`
		Binaries   []string `xml:"provides>binary"`
		Releases   []struct {
			Version string `xml:"version,attr"`
		} `xml:"releases>release"`
	}
	if err := xml.Unmarshal(read(t, id+".metainfo.xml"), &m); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string][2]string{
		"ID": {m.ID, id}, "name": {m.Name, p.Info.Name}, "summary": {m.Summary, p.Info.Summary}, "developer": {m.Developer, p.Info.Company},
		"desktop file": {m.Launchable, id + ".desktop"}, "programs": {strings.Join(m.Binaries, " "), p.Program + " " + p.Program + "ctl"},
		"licence": {m.Licence, strings.Fields(string(read(t, "..", "..", "LICENSE")))[0]},
	} {
		if c[0] != c[1] {
			t.Errorf("%s is %q, and the product's is %q", what, c[0], c[1])
		}
	}
	if len(m.Releases) == 0 || m.Releases[0].Version != p.Info.Version {
		t.Errorf("the newest release is %v, and the product's %s", m.Releases, p.Info.Version)
	}
}

// TestRules: the rules are the program's own, and lie where udev asks for them in time.
func TestRules(t *testing.T) {
	if string(read(t, hid.RulesFile)) != hid.UdevRules() {
		t.Errorf("%s is not what backend/transport/hid writes", hid.RulesFile)
	}
	if hid.RulesFile >= "73" || hid.RulesFile <= "60" {
		t.Errorf("%s is read before systemd knows keys, or after it gives rights", hid.RulesFile)
	}
	for _, script := range []string{"linux.sh", "ctl.sh", "clean-root.sh"} {
		if !bytes.Contains(read(t, "..", "package", script), []byte(hid.RulesFile)) {
			t.Errorf("build/package/%s has no %s", script, hid.RulesFile)
		}
	}
}

func TestOthersAgree(t *testing.T) {
	p := theProduct(t)
	for name, c := range map[string]struct {
		file []string
		has  []string
	}{
		"scripts":          {[]string{"..", "package", "names.sh"}, []string{"id=" + id + "\n", "info.productVersion"}},
		"deb":              {[]string{"control"}, []string{"Package: " + p.Program + "\n", "Version: @VERSION@\n", "Maintainer: " + p.Info.Company + " <"}},
		"Windows resource": {[]string{"..", "windows", "versioninfo.json"}, []string{`"` + p.Info.Company + `"`, `"` + p.Info.Name + `"`, `"` + p.Info.Copyright + `"`}},
		"Windows setup":    {[]string{"..", "windows", "setup.nsi"}, []string{`Name "` + p.Info.Name + `"`, p.Info.Company, p.Info.Copyright, p.Program + ".exe"}},
		"macOS bundle":     {[]string{"..", "darwin", "Info.plist"}, []string{"<string>" + id + "</string>", "{{.Info.ProductVersion}}", "NSBluetoothAlwaysUsageDescription"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := string(read(t, c.file...))
			for _, want := range c.has {
				if !strings.Contains(text, want) {
					t.Errorf("%s lacks %q", filepath.Join(c.file...), want)
				}
			}
		})
	}
}
