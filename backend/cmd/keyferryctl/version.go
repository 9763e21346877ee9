package main

import (
	"context"
	"flag"
	"runtime"
	"runtime/debug"
)

var version = command{
	path: []string{"version"}, summary: "print the version",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		return func(_ context.Context, t *terminal, _ []string) error {
			v, revision := buildVersion(), ""
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						revision = s.Value
					}
				}
			}
			t.document(map[string]string{"version": v, "revision": revision, "go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH})
			t.say("keyferryctl %s (%s, %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		}
	},
}

func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
