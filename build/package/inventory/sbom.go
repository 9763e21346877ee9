package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// programsProperty names the programs a part is in.
const programsProperty = "keyferry:program"

// writeBill writes the bill of materials: CycloneDX 1.6, JSON. The same parts give the
// same bytes, serial number included.
func writeBill(file string, p product, parts []part) error {
	root := "pkg:golang/github.com/keyferry/keyferry@" + p.Version
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{
		Timestamp: p.Time.Format(time.RFC3339),
		Component: &cdx.Component{BOMRef: root, Type: cdx.ComponentTypeApplication, Name: p.Name, Version: p.Version, PackageURL: root, Licenses: expression([]string{"MIT"})},
	}
	components := make([]cdx.Component, 0, len(parts))
	dependencies := make([]cdx.Dependency, 0, len(parts)+1)
	used := map[string]bool{}
	for _, q := range parts {
		c := cdx.Component{BOMRef: q.PURL, Type: cdx.ComponentTypeLibrary, Scope: cdx.ScopeRequired, Name: q.Name, Version: q.Version, PackageURL: q.PURL, Licenses: expression(q.Licences)}
		if q.Hash.Hex != "" {
			c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgorithm(q.Hash.Algorithm), Value: q.Hash.Hex}}
		}
		properties := make([]cdx.Property, len(q.Programs))
		for i, where := range q.Programs {
			properties[i] = cdx.Property{Name: programsProperty, Value: where}
		}
		c.Properties = &properties
		components = append(components, c)
		d := cdx.Dependency{Ref: q.PURL}
		if len(q.Uses) > 0 {
			d.Dependencies = &q.Uses
		}
		for _, u := range q.Uses {
			used[u] = true
		}
		dependencies = append(dependencies, d)
	}
	// What no part asks for the product itself asks for.
	var own []string
	for _, q := range parts {
		if !used[q.PURL] {
			own = append(own, q.PURL)
		}
	}
	dependencies = append([]cdx.Dependency{{Ref: root, Dependencies: &own}}, dependencies...)
	bom.Components, bom.Dependencies = &components, &dependencies

	body, err := encode(bom)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // a UUID of version 8 (RFC 9562, section 5.8)
	bom.SerialNumber = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	if body, err = encode(bom); err != nil {
		return err
	}
	return os.WriteFile(file, body, 0o644)
}

func encode(bom *cdx.BOM) ([]byte, error) {
	var b bytes.Buffer
	err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
	return b.Bytes(), err
}

// expression is one licence by its identifier, or several that all hold.
func expression(ids []string) *cdx.Licenses {
	if len(ids) == 1 {
		return &cdx.Licenses{{License: &cdx.License{ID: ids[0]}}}
	}
	return &cdx.Licenses{{Expression: strings.Join(ids, " AND ")}}
}
