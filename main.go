// Command keyferry is the desktop app. The main package stands at the root
// because the tools of Wails look for it here; everything else is in app.
package main

import (
	"os"

	"github.com/keyferry/keyferry/app"
)

func main() { os.Exit(app.Main(os.Args[1:], os.Stdout, os.Stderr)) }
