package main

import (
	"fmt"
	"strings"
)

// licenceText is one file with all licences. A text that several parts share word for
// word, which is most of Apache's and none of those with a name in them, stands there once.
func licenceText(p product, parts []part) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s is under the MIT licence (LICENSE). It contains the following, which is\nunder licences of its own. Each text follows below, under the names of what it is for.\n\n", p.Name, p.Version)
	owners := map[string][]string{}
	var order []string
	for _, q := range parts {
		fmt.Fprintf(&b, "  %s %s: %s\n", q.Name, q.Version, strings.Join(q.Licences, " and "))
		for _, t := range q.Texts {
			body := strings.TrimSpace(t.Body)
			if owners[body] == nil {
				order = append(order, body)
			}
			owners[body] = append(owners[body], fmt.Sprintf("%s %s (%s)", q.Name, q.Version, t.File))
		}
	}
	line := strings.Repeat("=", 78)
	for _, body := range order {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n\n%s\n", line, strings.Join(owners[body], "\n"), line, body)
	}
	return b.String()
}
