package main

import (
	"fmt"
	"strings"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
)

// text is a visit for people; whole adds the machine, and the guide beside what is.
func (v visitJSON) text(whole bool) string {
	var b strings.Builder
	if whole {
		for _, f := range v.Machine {
			fmt.Fprintf(&b, "%-14s %s\n", f.Name, printable(f.Value))
		}
		b.WriteString("\n")
	}
	for _, l := range v.Ladders {
		l.text(&b)
	}
	if whole {
		v.Guide.text(&b)
	}
	return b.String()
}

func (l ladderJSON) text(b *strings.Builder) {
	fmt.Fprintf(b, "%s: %s\n", words.Way(string(l.Way)), words.Verdict(string(l.State)))
	rule := ""
	for _, r := range l.Rungs {
		fmt.Fprintf(b, "  %-8s %s\n", r.State, printable(r.Message))
		if r.Repair != "" {
			fmt.Fprintf(b, "  %-8s -> %s\n", "", printable(r.Repair))
		}
		if r.Rule != "" {
			rule = r.Rule
		}
	}
	if rule != "" {
		fmt.Fprintf(b, "\n  The rule, for %s (then: sudo udevadm control --reload):\n\n%s\n", rulePath, indented(rule))
	}
	b.WriteString("\n")
}

func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight("    "+line, " \n") + "\n")
	}
	return b.String()
}

func (g guideJSON) text(b *strings.Builder) {
	fmt.Fprintf(b, "What AWS documents for this system, beside it\n")
	t := newTable("  WAY", "AWS", "HERE")
	for _, w := range g.Ways {
		t.row("  "+words.Way(string(w.Way)), w.Message, words.Verdict(string(w.Here)))
	}
	fmt.Fprintf(b, "%s\n  (%s)\n", t, g.Source)
}
