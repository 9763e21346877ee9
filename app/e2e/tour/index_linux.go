package main

import (
	"fmt"
	"strings"
)

// picture is a screen that was photographed, and when.
type picture struct{ name, title, chapter string }

func (g *gallery) note(p picture) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.titles {
		if t.name == p.name {
			return
		}
	}
	g.titles = append(g.titles, p)
}

// preface says what the pictures are, and what is in none.
const preface = `# Every screen

Made by ` + "`make screens`" + `, which walks through the production window on a display of its own, in the order of this page. People, devices and
companies are invented; each picture is in both themes. A picture stands where its screen is seen for the first time.

The sandbox has a banner over it. Without one it is a real account: first on a computer without Bluetooth, keys and security chip, at the end on
one that has a chip (swtpm) and three keys, whose nodes the walk makes itself.

Not shown, as it is not ours to draw or needs a device that cannot be made here: the system's own window for passkeys (Windows, macOS), the
system's dialogs for files and printing, Keyferry on Windows and macOS, a key on a card reader.
`

// readme lists the pictures.
func (g *gallery) readme() string {
	var b strings.Builder
	b.WriteString(preface)
	for i, p := range g.titles {
		if i == 0 || g.titles[i-1].chapter != p.chapter {
			fmt.Fprintf(&b, "\n## %s\n\n| screen | light | dark |\n|---|---|---|\n", p.chapter)
		}
		fmt.Fprintf(&b, "| **%s**<br>%s", p.name, p.title)
		for _, t := range themes {
			fmt.Fprintf(&b, " | <img src=\"%[1]s-%[2]s.png\" width=\"420\" alt=\"%[3]s, %[2]s theme\">", p.name, t.name, strings.ReplaceAll(p.name, "-", " "))
		}
		b.WriteString(" |\n")
	}
	return b.String()
}
