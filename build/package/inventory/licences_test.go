package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	mit = "Permission is hereby granted, free of charge, to any person obtaining a copy\nof this. The above copyright notice and this permission notice shall stay."
	bsd = "Redistribution and use in source and binary\n * forms are permitted."
)

func TestIdentify(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"over two lines":        {mit, []string{"MIT"}},
		"in a comment":          {"// Redistribution and use\n// in source and binary forms", []string{"BSD-2-Clause"}},
		"the longer form":       {bsd + " Names may not be used to endorse or promote products derived from it.", []string{"BSD-3-Clause"}},
		"two in one file":       {mit + bsd, []string{"MIT", "BSD-2-Clause"}},
		"Apache, with its date": {"Apache License\nVersion 2.0, January 2004", []string{"Apache-2.0"}},
		"something else":        {"GNU GENERAL PUBLIC LICENSE Version 3", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := identify(c.body); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestLicencesOf(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		ids   []string
		err   string
	}{
		"one":                  {map[string]string{"LICENSE": mit}, []string{"MIT"}, ""},
		"one of a package":     {map[string]string{"LICENSE": mit, "a/b/COPYING": bsd}, []string{"BSD-2-Clause", "MIT"}, ""},
		"not of another":       {map[string]string{"LICENSE": mit, "c/LICENSE": "GPL"}, []string{"MIT"}, ""},
		"code of that name":    {map[string]string{"LICENSE": mit, "license.go": "package p"}, []string{"MIT"}, ""},
		"a list is no licence": {map[string]string{"LICENSE": mit, "LICENSE-3RD-PARTY": bsd}, []string{"MIT"}, ""},
		"none":                 {map[string]string{"README": mit}, nil, "no licence file"},
		"an unknown one":       {map[string]string{"LICENSE": mit, "a/LICENSE": "all rights reserved"}, nil, "a/LICENSE is a licence that nobody"},
		"a notice only":        {map[string]string{"NOTICE": "made by us"}, nil, "names no licence"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.MkdirAll(filepath.Join(root, "a", "b"), 0o755); err != nil {
				t.Fatal(err)
			}
			for file, body := range c.files {
				if err := os.MkdirAll(filepath.Join(root, filepath.Dir(file)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(root, file), []byte(body), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			_, ids, err := licencesOf(root, filepath.Join(root, "a", "b"))
			switch {
			case c.err == "" && err != nil, c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Fatalf("got %v, want %q", err, c.err)
			case !slices.Equal(ids, c.ids):
				t.Errorf("got %v, want %v", ids, c.ids)
			}
		})
	}
}
