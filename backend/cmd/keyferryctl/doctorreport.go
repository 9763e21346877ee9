package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/readiness"
)

var stepName = regexp.MustCompile(`^[A-Z][0-9]{1,2}$`)

// maxResult is the longest words about one step, and maxResults how many there may be.
const (
	maxResult  = 300
	maxResults = 200
)

func (d *doctorFlags) addResult(s string) error {
	step, said, ok := strings.Cut(s, "=")
	if said = strings.TrimSpace(printable(said)); !ok || !stepName.MatchString(step) || said == "" || len(said) > maxResult || len(d.results) == maxResults {
		return fmt.Errorf("a result is a step and at most %d bytes about it, as A3=\"works\"", maxResult)
	}
	d.results = append(d.results, stepResult{step, said})
	return nil
}

// compose writes the report that a person attaches. What names a person, this computer
// or a folder is not in it: params are taken one by one, and free text is searched.
func (d *doctorFlags) compose(r readiness.Report) []byte {
	hide := hiding()
	for i := range r.Machine {
		if r.Machine[i].Name != readiness.FactSystem { // which may be the name of the computer as well
			r.Machine[i].Value = hide(r.Machine[i].Value)
		}
	}
	for i := range r.Ladders {
		for j := range r.Ladders[i].Rungs {
			rung := &r.Ladders[i].Rungs[j]
			rung.Params = public(rung.Params, hide)
		}
	}
	v := visitOf(r, !d.offline, func(f *mfa.Failure) *mfa.Failure {
		if f == nil {
			return nil
		}
		return &mfa.Failure{Code: f.Code, Params: public(f.Params, hide)} // without its cause, which may say anything
	})
	for _, s := range d.results {
		v.Results = append(v.Results, stepResult{s.Step, hide(s.Words)})
	}
	if strings.EqualFold(filepath.Ext(d.report), ".json") {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		_ = e.Encode(v) // into memory
		return b.Bytes()
	}
	return []byte(v.markdown())
}

// publicParams are those that can name nobody: not the adapter's name, which is the
// computer's own with BlueZ.
var publicParams = map[string]bool{"host": true, "via": true, "why": true, "count": true, "denied": true, "have": true, "need": true,
	"route": true, "kind": true, "computer": true, "least": true, "vendor": true, "product": true, "code": true, "what": true, "seconds": true, "left": true,
	"status": true, "system": true, "node": true, "proof": true}

var deviceNode = regexp.MustCompile(`^/dev/[a-z]+[0-9]*$`)

func public(params map[string]string, hide func(string) string) map[string]string {
	params = maps.Clone(params)
	maps.DeleteFunc(params, func(k, v string) bool { return !publicParams[k] || k == "node" && !deviceNode.MatchString(v) })
	for k, v := range params {
		if k != "host" { // ours
			params[k] = hide(v)
		}
	}
	return params
}

const hidden = "[left out]"

// hiding gives what takes the names of the person, the computer and the home folder out
// of a text.
func hiding() func(string) string {
	var names []string
	add := func(s string) {
		if len(s) > 1 {
			names = append(names, regexp.QuoteMeta(s))
		}
	}
	if dir, err := os.UserHomeDir(); err == nil && dir != "/" {
		add(dir)
	}
	if name, err := os.Hostname(); err == nil {
		add(name)
		first, _, _ := strings.Cut(name, ".")
		add(first)
	}
	if u, err := user.Current(); err == nil {
		add(u.Username)
		add(u.Username[strings.LastIndex(u.Username, `\`)+1:]) // Windows: COMPUTER\person
		add(u.Name)
	}
	for _, variable := range []string{"USER", "USERNAME", "LOGNAME", "COMPUTERNAME", "HOSTNAME"} {
		add(os.Getenv(variable))
	}
	if len(names) == 0 {
		return func(s string) string { return s }
	}
	return hider(names)
}

// hider takes whole words only: a person may be called "a4".
func hider(quoted []string) func(string) string {
	names := regexp.MustCompile(`(?i)(^|[^\pL\pN])(?:` + strings.Join(quoted, "|") + `)([^\pL\pN]|$)`)
	return func(s string) string {
		for range 50 { // neighbours share what is between them
			next := names.ReplaceAllString(s, "${1}"+hidden+"${2}")
			if next == s {
				break
			}
			s = next
		}
		return s
	}
}

func (v visitJSON) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# What Keyferry can do here\n\n")
	fmt.Fprintf(&b, "Made by `keyferryctl doctor --report`, Keyferry %s, %s, on %s/%s, at %s (Unix milliseconds). Names of people, computers and folders are left out.\n\n",
		cell(v.Version), runtime.Version(), runtime.GOOS, runtime.GOARCH, fmt.Sprint(v.At))
	rows(&b, "fact", "value")
	for _, f := range v.Machine {
		row(&b, f.Name, f.Value)
	}
	for _, l := range v.Ladders {
		fmt.Fprintf(&b, "\n## %s: %s\n\n", words.Way(string(l.Way)), words.Verdict(string(l.State)))
		rows(&b, "rung", "state", "code", "what")
		for _, r := range l.Rungs {
			code := ""
			if r.Failure != nil {
				code = string(r.Failure.Code)
			}
			row(&b, r.ID, string(r.State), code, r.Message)
		}
	}
	fmt.Fprintf(&b, "\n## Beside AWS\n\n%s: <%s>\n\n", v.Guide.Source, v.Guide.Address)
	rows(&b, "way", "AWS", "here")
	for _, w := range v.Guide.Ways {
		row(&b, words.Way(string(w.Way)), w.Message, words.Verdict(string(w.Here)))
	}
	b.WriteString("\n## Steps of docs/HARDWARE-CHECKS.md\n\n")
	rows(&b, "step", "what came of it")
	for _, s := range v.Results {
		row(&b, s.Step, s.Words)
	}
	return b.String()
}

func rows(b *strings.Builder, heads ...string) {
	row(b, heads...)
	b.WriteString("|" + strings.Repeat("---|", len(heads)) + "\n")
}

func row(b *strings.Builder, cells ...string) {
	b.WriteString("|")
	for _, c := range cells {
		b.WriteString(" " + cell(c) + " |")
	}
	b.WriteString("\n")
}

// cell is text that stays within its cell, and is nothing but text.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'", "\\", `\\`).Replace(printable(s))
}
