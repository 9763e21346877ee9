package words_test

import (
	"testing"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
)

func TestEveryCheckHasWords(t *testing.T) {
	for _, name := range constants(t, "../examine/report.go", "Check") {
		if words.Check(name) == "" {
			t.Errorf("check %s has no words", name)
		}
	}
}
