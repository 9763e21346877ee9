package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/vectors"
)

var runVectors = command{
	path: []string{"vectors"}, args: "FILE...", summary: "run files of test vectors through this build's own code",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) == 0 {
				return usage("vectors needs at least one file")
			}
			results, sum := []vectors.Result{}, vectors.Summary{}
			for _, file := range args {
				data, err := readVectors(file)
				if err != nil {
					return err
				}
				err = vectors.Run(ctx, file, data, func(r vectors.Result) {
					results = append(results, r)
					sum.Add(r)
					t.say("%s", vectorLine(r))
				})
				if errors.Is(err, vectors.ErrForm) {
					return mfa.Fail(mfa.CodeInvalidInput, "field", file).Because(err)
				}
				if err != nil {
					return err
				}
			}
			t.document(map[string]any{"items": results, "summary": sum})
			t.say("%d items: %d as expected, %d not, %d not covered", sum.Items, sum.Matched, sum.Mismatched, sum.NotCovered)
			if sum.Mismatched > 0 {
				return errTold
			}
			return nil
		}
	},
}

func readVectors(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", path).Because(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, vectors.MaxFile+1))
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", path).Because(err)
	}
	return data, nil
}

// vectorLine is id, decision with code, and whether it is as expected.
func vectorLine(r vectors.Result) string {
	if !r.Covered {
		return r.ID + "  not covered"
	}
	decision := string(r.Decision)
	if decision == "" {
		decision = "crash"
	}
	if r.Code != "" {
		decision += " " + string(r.Code)
	}
	line := r.ID + "  " + decision + "  ok"
	if !r.Match {
		line = r.ID + "  " + decision + "  MISMATCH: expected " + r.Expect
		if r.Detail != "" {
			line += " (" + r.Detail + ")"
		}
	}
	return line
}
