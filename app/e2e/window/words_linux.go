package window

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Words are the texts of the window, by their keys in src/i18n/en: a test
// that looks for words by key goes on working when they are written better.
type Words map[string]string

// ReadWords reads the files of texts in a folder.
func ReadWords(dir string) (Words, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no texts in %s: %w", dir, errors.Join(err, os.ErrNotExist))
	}
	w := Words{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &w); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
	}
	return w, nil
}

// Say gives the text of a key with its places filled in: name, value, name,
// value. With n 1 it is the form for one, where there is one. A key that does not
// exist is given as itself, which no window shows.
func (w Words) Say(key string, fill ...string) string {
	text, ok := w[key]
	for i := 0; i+1 < len(fill); i += 2 {
		if one := w[key+"_one"]; one != "" && fill[i] == "n" && fill[i+1] == "1" {
			text = one
		}
	}
	if !ok {
		return fmt.Sprintf("[no text %s]", key)
	}
	for i := 0; i+1 < len(fill); i += 2 {
		text = strings.ReplaceAll(text, "{"+fill[i]+"}", fill[i+1])
	}
	return text
}
