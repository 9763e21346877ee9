package main

import (
	"context"
	"flag"
	"net"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/tunnel"
)

var tunnelServe = command{
	path: []string{"tunnel"}, args: "--listen ADDR", summary: "run a tunnel server until it is stopped",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var listen string
		fs.StringVar(&listen, "listen", "", "`ADDR` to listen at, as 127.0.0.1:8080; port 0 takes a free one. It speaks no TLS: put it behind a proxy that does")
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) > 0 || listen == "" {
				return usage("tunnel needs --listen, and nothing else")
			}
			ln, err := net.Listen("tcp", listen)
			if err != nil {
				return mfa.Fail(mfa.CodeInvalidInput, "field", "listen").Because(err)
			}
			at := "ws://" + ln.Addr().String()
			t.line(map[string]string{"listening": at})
			t.say("listening at %s", at)
			if err := tunnel.New(tunnel.Config{}).Serve(ctx, ln); err != nil {
				return err
			}
			return ctx.Err()
		}
	},
}
