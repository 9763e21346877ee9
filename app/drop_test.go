package app

import (
	"encoding/json"
	"log/slog"
	"slices"
	"testing"
)

func TestDropped(t *testing.T) {
	var sent []any // as Wails reads an event that a page sends
	if err := json.Unmarshal([]byte(`[1, 2, ["/etc/passwd"]]`), &sent); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		data []any
		want []string
	}{
		"by the system":         {[]any{1, 2, []string{"/a", "/b"}}, []string{"/a", "/b"}},
		"by a page":             {sent, nil},
		"nothing":               {nil, nil},
		"too little":            {[]any{1, 2}, nil},
		"too much":              {[]any{1, 2, []string{"/a"}, 3}, nil},
		"no list":               {[]any{1, 2, "/a"}, nil},
		"a list of other sorts": {[]any{1, 2, []any{"/a"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := dropped(row.data); !slices.Equal(got, row.want) {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

// With DisableWebViewDrop nobody gets a file that is dropped (wails issue 3563).
func TestFilesCanBeDropped(t *testing.T) {
	s := newShell(t.TempDir(), slog.New(slog.DiscardHandler), nil)
	if d := s.options().DragAndDrop; d == nil || !d.EnableFileDrop || d.DisableWebViewDrop {
		t.Errorf("%+v", d)
	}
}
