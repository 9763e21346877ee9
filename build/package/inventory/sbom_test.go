package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func TestBill(t *testing.T) {
	p := product{Name: "Keyferry", Version: "1.2.3", Time: time.Unix(0, 0).UTC()}
	parts := []part{
		{Name: "a", Version: "v1", PURL: goPURL("a", "v1"), Programs: []string{"keyferry linux/amd64"}, Uses: []string{goPURL("b", "v2")}, Licences: []string{"MIT"}},
		{Name: "b", Version: "v2", PURL: goPURL("b", "v2"), Hash: hash{"SHA-256", "00"}, Licences: []string{"ISC", "MIT"}},
	}
	var written [2][]byte
	for i := range written {
		file := filepath.Join(t.TempDir(), "bill")
		if err := writeBill(file, p, parts); err != nil {
			t.Fatal(err)
		}
		var err error
		if written[i], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(written[0], written[1]) {
		t.Error("the same parts gave two bills")
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(written[0]), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if len(bom.SerialNumber) != len("urn:uuid:")+36 || len(*bom.Components) != 2 || (*bom.Components)[1].PackageURL != "pkg:golang/b@v2" {
		t.Errorf("the bill is %s", written[0])
	}
	// The product asks for a, and b only comes with it.
	if own := *(*bom.Dependencies)[0].Dependencies; len(own) != 1 || own[0] != "pkg:golang/a@v1" {
		t.Errorf("the product depends on %v", own)
	}
}
