package main

import (
	"context"
	"flag"
	"runtime"

	"github.com/keyferry/keyferry/backend/assembly"
)

var version = command{
	path: []string{"version"}, summary: "print the version",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		return func(_ context.Context, t *terminal, _ []string) error {
			v := buildVersion()
			t.document(map[string]string{"version": v, "revision": assembly.Revision(), "go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH})
			t.say("keyferryctl %s (%s, %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		}
	},
}

func buildVersion() string { return assembly.Version() }
