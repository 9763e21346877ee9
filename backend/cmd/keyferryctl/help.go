package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

func helpText() string {
	var b strings.Builder
	b.WriteString("keyferryctl - Keyferry without a window\n\nUsage: keyferryctl COMMAND [flags]\n\n")
	b.WriteString(listing(nil, "  help [COMMAND]\tthis text, or a command's flags\n"))
	b.WriteString("\nEvery command takes --home DIR and --json.\nExit codes: 0 done, 1 failed, 2 wrong use, 130 cancelled.\n")
	return b.String()
}

// listing has a line for each command that begins with path, and then last; it is empty
// when there is none.
func listing(path []string, last string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range commands() {
		if len(c.path) >= len(path) && slices.Equal(c.path[:len(path)], path) {
			fmt.Fprintf(w, "  %s\t%s\n", strings.TrimSpace(strings.Join(c.path, " ")+" "+c.args), c.summary)
		}
	}
	fmt.Fprint(w, last)
	w.Flush()
	return b.String()
}

// help prints the flags of one command, or the list.
func help(s streams, path []string) int {
	if len(path) == 0 {
		fmt.Fprint(s.out, helpText())
		return exitDone
	}
	c, _, ok := find(path)
	if some := listing(path, ""); !ok && some != "" {
		fmt.Fprint(s.out, some)
		return exitDone
	}
	if !ok {
		return wrongUse(s, usage("there is no command %q", strings.Join(path, " ")))
	}
	fmt.Fprintf(s.out, "keyferryctl %s\n\n%s.\n\n", strings.TrimSpace(strings.Join(c.path, " ")+" "+c.args), capital(c.summary))
	if c.about != "" {
		fmt.Fprintf(s.out, "%s\n%s\n", c.about, listing(c.path, ""))
	}
	fmt.Fprint(s.out, "Flags:\n")
	fs, g := newFlags(""), globals{}
	g.flags(fs)
	c.set(fs, &g)
	plain, simulated := newFlags(""), newFlags("")
	some := false
	fs.VisitAll(func(f *flag.Flag) {
		if what, only := strings.CutPrefix(f.Usage, sandboxOnly); only {
			simulated.Var(f.Value, f.Name, what)
			some = true
			return
		}
		plain.Var(f.Value, f.Name, f.Usage)
	})
	plain.SetOutput(s.out)
	plain.PrintDefaults()
	if some {
		fmt.Fprint(s.out, "\nSimulated devices (sandbox only):\n")
		simulated.SetOutput(s.out)
		simulated.PrintDefaults()
	}
	return exitDone
}

// sandboxOnly begins what a flag says that has no meaning for a real account. Help puts
// these flags last, under a heading of their own.
const sandboxOnly = "sandbox only: "

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
