package policy

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// naive matches by the definition, segment by segment where segments are asked for:
// can[j] is whether what was read of the pattern matches the first j characters.
func naive(pattern, s []rune, segments int) bool {
	if segments > 1 {
		head, tail, found := cutRune(pattern, ':')
		first, others, has := cutRune(s, ':')
		return found && has && naive(head, first, 1) && naive(tail, others, segments-1)
	}
	can := make([]bool, len(s)+1)
	can[0] = true
	for _, p := range pattern {
		next := make([]bool, len(s)+1)
		for j := range next {
			if p == '*' {
				next[j] = can[j] || j > 0 && next[j-1]
			} else {
				next[j] = j > 0 && can[j-1] && (p == '?' || p == s[j-1])
			}
		}
		can = next
	}
	return can[len(s)]
}

func cutRune(s []rune, r rune) (before, after []rune, found bool) {
	for i := range s {
		if s[i] == r {
			return s[:i], s[i+1:], true
		}
	}
	return s, nil, false
}

func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""}, {"*", ""}, {"a*b?c", "axxbyc"}, {"*a*a*a*b", "aaaaaaaaaaaaaab"}, {"?*?", "é"}, {"*é?", "aéé"}, {"*ab*ab", "abab"}, {"**", "x"},
		{"arn:*:i?m::*:user/*", "arn:aws:iam::1:user/a:b"}, {"a:*:*:*:*:*b", "a:b:c:d:e:f:b"}, {"*:*:*:*:*:*", ":::::::"}, {"a:b*c:::*:x", "a:bc:c:::x"}, {"a:*:b:c:d:e", "a:x:y:b:c:d:e"}, {"a:?:b:c:d:e", "a:::b:c:d:e"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(s) || len(pattern) > 200 || len(s) > 200 {
			t.Skip()
		}
		tokens := template(pattern, false, true)
		if got, want := glob(tokens, s, nil), naive([]rune(pattern), []rune(s), 1); got != want {
			t.Errorf("%q on %q: %v", pattern, s, got)
		}
		complete := bound(tokens)
		if got, want := complete && glob(tokens, s, nil), complete && naive([]rune(pattern), []rune(s), arnColons+1); got != want {
			t.Errorf("segments of %q on %q: %v", pattern, s, got)
		}
	})
}

// Patterns that take a matcher that tries everything for ever.
func TestGlobIsBounded(t *testing.T) {
	long := strings.Repeat("a", 20_000)
	for name, pattern := range map[string]string{
		"many stars":          strings.Repeat("a*", MaxText/2) + "b",
		"stars and questions": strings.Repeat("*?", MaxText/2) + "b",
		"long repeated text":  "*" + strings.Repeat("a", MaxText-2) + "b",
		"questions":           "*" + strings.Repeat("?", MaxText-2) + "b",
		"question and letter": "*" + strings.Repeat("?a", MaxText/20) + "b",
	} {
		begin := time.Now()
		if glob(template(pattern, false, true), long, nil) {
			t.Errorf("%s: matched", name)
		}
		if took := time.Since(begin); took > time.Minute { // a moment, but on a busy machine
			t.Errorf("%s took %v", name, took)
		}
	}
}

func TestTemplate(t *testing.T) {
	for text, want := range map[string]int{"": 0, "a": 1, "a${*}b": 1, "a*": 2, "**": 1, "${a}${b}": 2, "${a": 1, "$a": 1, "a${x, 'y'}b": 3, "${${a}}": 2, "${a, 'b}": 1} {
		if got := template(text, true, true); len(got) != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
	if got := template("${a}*", false, false); len(got) != 1 || got[0].text != "${a}*" {
		t.Errorf("%+v", got)
	}
}
