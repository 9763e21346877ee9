package policy

import "strings"

// token is a piece of a pattern, or of a text with variables.
type token struct {
	kind     tokenKind
	bounded  bool    // a wildcard that does not match ':'
	slot     int32   // of a variable: where its key is bound
	text     string  // of a literal; of a variable its key
	fallback *string // of a variable: ${key, 'fallback'}
}

type tokenKind uint8

const (
	literal   tokenKind = iota
	anyNumber           // *
	exactly1            // ?
	variable            // ${key}
)

// Segments of an ARN before the last one, which keeps its own colons.
const arnColons = 5

// template takes a text apart. Variables and wildcards are read only where asked;
// otherwise they are literal. What opens as a variable but never ends is literal,
// too.
func template(text string, variables, wildcards bool) []token {
	var out []token
	add := func(t token) {
		if last := len(out) - 1; t.kind == literal && last >= 0 && out[last].kind == literal {
			out[last].text += t.text
			return
		}
		out = append(out, t)
	}
	for text != "" {
		n := 0
		for n < len(text) && !(wildcards && (text[n] == '*' || text[n] == '?')) && !(variables && strings.HasPrefix(text[n:], "${")) {
			n++
		}
		if n > 0 {
			add(token{text: text[:n]})
			text = text[n:]
			continue
		}
		switch text[0] {
		case '*':
			if len(out) == 0 || out[len(out)-1].kind != anyNumber {
				out = append(out, token{kind: anyNumber})
			}
			text = text[1:]
		case '?':
			out = append(out, token{kind: exactly1})
			if last := len(out) - 1; last > 0 && out[last-1].kind == anyNumber {
				out[last-1], out[last] = out[last], out[last-1] // *? is ?*, and that is found sooner
			}
			text = text[1:]
		default:
			t, length := variableIn(text)
			add(t)
			text = text[length:]
		}
	}
	return out
}

// variableIn reads the variable with which text begins, and tells its length.
func variableIn(text string) (token, int) {
	end := strings.IndexByte(text, '}')
	if end < 0 {
		return token{text: text}, len(text)
	}
	inside, fallback := text[2:end], (*string)(nil)
	if key, _, found := strings.Cut(inside, ", '"); found {
		rest := text[len("${")+len(key)+len(", '"):]
		if value, _, found := strings.Cut(rest, "'}"); found {
			inside, fallback = key, &value
			end = 2 + len(key) + len(", '") + len(value) + len("'")
		}
	}
	switch inside {
	case "*", "?", "$":
		return token{text: inside}, end + 1
	}
	return token{kind: variable, slot: -1, text: inside, fallback: fallback}, end + 1
}

// bound marks the wildcards that stand before an ARN's last segment, and reports
// whether the text has all six. There are no variables in it.
func bound(tokens []token) bool {
	colons := 0
	for i := range tokens {
		switch tokens[i].kind {
		case literal:
			colons += strings.Count(tokens[i].text, ":")
		default:
			tokens[i].bounded = colons < arnColons
		}
	}
	return colons >= arnColons
}

func hasVariables(tokens []token) bool {
	for i := range tokens {
		if tokens[i].kind == variable {
			return true
		}
	}
	return false
}

// plain is the text of tokens that are all literal.
func plain(tokens []token) (string, bool) {
	switch {
	case len(tokens) == 0:
		return "", true
	case len(tokens) == 1 && tokens[0].kind == literal:
		return tokens[0].text, true
	}
	return "", false
}
