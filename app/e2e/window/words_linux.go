package window

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Words are the texts of the window, by their keys in src/i18n/en.json: a test
// that looks for words by key goes on working when they are written better.
type Words map[string]string

// ReadWords reads the file of texts.
func ReadWords(path string) (Words, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var w Words
	return w, json.Unmarshal(text, &w)
}

// Say gives the text of a key with its places filled in: name, value, name,
// value. A key that does not exist is given as itself, which no window shows.
func (w Words) Say(key string, fill ...string) string {
	text, ok := w[key]
	if !ok {
		return fmt.Sprintf("[no text %s]", key)
	}
	for i := 0; i+1 < len(fill); i += 2 {
		text = strings.ReplaceAll(text, "{"+fill[i]+"}", fill[i+1])
	}
	return text
}
