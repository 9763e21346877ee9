package main

import "testing"

func TestTablesDoNotSteerTheTerminal(t *testing.T) {
	table := newTable("NAME", "FROM")
	table.row("a\x1b[2J", "x\ny\tz")
	table.row("\u009b31m", "\u202egpj")
	const want = "NAME   FROM\na\uFFFD[2J  x\uFFFDy\uFFFDz\n\uFFFD31m   \uFFFDgpj"
	if got := table.String(); got != want {
		t.Errorf("got %q", got)
	}
}
