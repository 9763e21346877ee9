package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// npmPackage is an entry of what page.mjs writes.
type npmPackage struct {
	Name, Version, Licence string
	Folder, Integrity      string
	Uses                   []string
}

func npmParts(packages []npmPackage) ([]part, error) {
	purl := map[string]string{}
	for _, p := range packages {
		// In a package URL the scope's @ is escaped, as the version begins with one.
		purl[p.Name] = "pkg:npm/" + strings.Replace(p.Name, "@", "%40", 1) + "@" + p.Version
	}
	var parts []part
	for _, p := range packages {
		texts, ids, err := licencesOf(p.Folder)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", p.Name, p.Version, err)
		}
		if len(ids) == 0 || !accepted[p.Licence] {
			return nil, fmt.Errorf("%s says that its licence is %q, and its files say %v", p.Name, p.Licence, ids)
		}
		q := part{Name: p.Name, Version: p.Version, PURL: purl[p.Name], Hash: integrity(p.Integrity),
			Programs: []string{"keyferry, the page in the window"}, Licences: ids, Texts: texts}
		for _, use := range p.Uses {
			q.Uses = append(q.Uses, purl[use])
		}
		parts = append(parts, q)
	}
	return parts, nil
}

// integrity reads a lock file's "sha512-" and base64.
func integrity(s string) hash {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "sha512-"))
	if err != nil || len(raw) != 64 {
		return hash{}
	}
	return hash{"SHA-512", hex.EncodeToString(raw)}
}
