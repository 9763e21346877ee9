package policies

import (
	"embed"

	"github.com/keyferry/keyferry/backend/policy/lint"
)

//go:embed templates/*.json
var files embed.FS

// Template is a document to begin with. Its name is a key for words, not a policy's name.
type Template struct {
	Name     string
	Document string
}

// templateNames are in the order in which they are shown. The first four are the use
// cases of AWS's page on FIDO certification, as printed there: the last of them asks for
// a key that IAM does not have, so that no security key ever passes.
var templateNames = []string{
	"fips-140-2-l2", "fips-140-2-l2-and-fido-l1", "fips-140-2-l2-or-fips-140-3-l2", "fips-140-2-l2-and-codes",
	"self-management", "resync",
}

// Templates gives all templates.
func Templates() []Template {
	all := make([]Template, len(templateNames))
	for i, name := range templateNames {
		text, err := files.ReadFile("templates/" + name + ".json")
		if err != nil {
			panic(err) // the files are part of the program; a test reads them
		}
		all[i] = Template{name, string(text)}
	}
	return all
}

// Check says what is wrong with a document or hardly meant, without keeping it.
func Check(document string) []lint.Finding { return lint.Check([]byte(document)) }
