package lint

import (
	"strings"

	"github.com/keyferry/keyferry/backend/policy"
)

// where says where in a text variables are replaced.
type where int

const (
	nowhere where = iota
	lastSegment
	everywhere
)

// variables looks at every ${…} of a text.
func (c *checker) variables(t policy.Text, replaced where) {
	text := t.Value
	if !strings.Contains(text, "${") {
		return
	}
	if c.document.Version != policy.Version2012 {
		if replaced != nowhere {
			c.dead++
			v, _ := variable(text[strings.Index(text, "${"):])
			c.warn(CodeDeadVariable, t.At, "variable", v, "version", c.document.Version)
		}
		return
	}
	colons := 0
	for text != "" {
		at := strings.Index(text, "${")
		if at < 0 {
			return
		}
		colons += strings.Count(text[:at], ":")
		v, ends := variable(text[at:])
		text = text[at+len(v):]
		key, fallback, hasFallback := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(v, "${"), "}"), ",")
		switch {
		case replaced == nowhere || replaced == lastSegment && colons < 5:
			c.warn(CodeVariablePlace, t.At, "variable", v)
			colons += strings.Count(v, ":")
		case !ends || key == "" || hasFallback && !(strings.HasPrefix(fallback, " '") && strings.HasSuffix(fallback, "'") && len(fallback) > 2):
			c.warn(CodeVariableForm, t.At, "variable", v)
		case key == "*" || key == "?" || key == "$":
		default:
			if k, known := keyNamed(key); !known {
				c.warn(CodeUnknownVariable, t.At, "variable", v, "nearest", nearestVariable(key))
			} else if !k.filled && !hasFallback {
				c.warn(CodeAbsentKey, t.At, "key", key)
			}
		}
	}
}

// variable is the variable with which text begins, and whether it ends.
func variable(text string) (string, bool) {
	end := strings.IndexByte(text, '}')
	if end < 0 {
		return text, false
	}
	if i := strings.Index(text[:end], ", '"); i >= 0 {
		if j := strings.Index(text[i+3:], "'}"); j >= 0 {
			end = i + 3 + j + 1
		}
	}
	return text[:end+1], true
}

func nearestVariable(key string) string {
	if n := policy.Nearest(key, keyNames()); n != "" {
		return "${" + n + "}"
	}
	return ""
}
