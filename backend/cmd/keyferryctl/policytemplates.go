package main

import (
	"context"
	"flag"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policies"
)

// templateWords say what each template is for.
var templateWords = map[string]string{
	"fips-140-2-l2": "security keys with FIPS-140-2 L2, and nothing else", "fips-140-2-l2-and-fido-l1": "security keys with FIPS-140-2 L2 and FIDO L1",
	"fips-140-2-l2-or-fips-140-3-l2": "security keys with L2 of either FIPS", "fips-140-2-l2-and-codes": "as AWS prints it: a misspelt key lets no security key pass",
	"self-management": "people manage their own devices, and little else before MFA", "resync": "people resync their own apps and tokens",
}

var policyTemplates = command{
	path: []string{"policy", "templates"}, args: "[NAME]", summary: "list documents to begin with, or print one",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		return func(_ context.Context, t *terminal, args []string) error {
			if err := count("policy templates", "[NAME]", args); err != nil {
				return err
			}
			list, table := []map[string]string{}, newTable("TEMPLATE", "LETS IN")
			for _, one := range policies.Templates() {
				if len(args) == 1 && one.Name == args[0] {
					t.document(map[string]string{"name": one.Name, "document": one.Document})
					t.say("%s", strings.TrimRight(one.Document, "\n"))
					return nil
				}
				list = append(list, map[string]string{"name": one.Name, "document": one.Document})
				table.row(one.Name, templateWords[one.Name])
			}
			if len(args) == 1 {
				return mfa.Fail(mfa.CodeNotFound, "what", "template")
			}
			t.document(map[string]any{"templates": list})
			t.say("%s", table)
			return nil
		}
	},
}
