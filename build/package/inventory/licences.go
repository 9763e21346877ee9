package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// fileNames are those of licences, notices and grants; what is code or a template is not.
var fileNames = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying|copyright|notice|patents)([-_.].*)?$`)

// notTexts are code and templates of that name, and licences of logos, which no program has.
var notTexts = regexp.MustCompile(`(?i)\.(go|m?[jt]s|json|tmpl|html)$|-logo$`)

// Each file that one of the first names must be a known licence. The others say more about
// one, or list those of parts, also of parts that only tests use.
var (
	mustBeKnown = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying)`)
	lists       = regexp.MustCompile(`(?i)3rd|third`)
)

// known are the licences somebody has looked at, by words that no other of them has.
// All of them ask for no more than that their texts come with the packages.
var known = []struct {
	ID    string
	Has   []string
	Lacks []string
}{
	{ID: "MIT", Has: []string{"permission is hereby granted, free of charge, to any person obtaining a copy", "the above copyright notice and this permission notice"}},
	{ID: "BSD-3-Clause", Has: []string{"redistribution and use in source and binary forms", "to endorse or promote products derived"}},
	{ID: "BSD-2-Clause", Has: []string{"redistribution and use in source and binary forms"}, Lacks: []string{"to endorse or promote products derived"}},
	{ID: "Apache-2.0", Has: []string{"apache license", "version 2.0, january 2004"}},
	{ID: "ISC", Has: []string{"permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that"}},
	{ID: "ISC", Has: []string{"permission to use, copy, modify, and distribute this software for any purpose with or without fee is hereby granted, provided that"}},
	{ID: "blessing", Has: []string{"sqlite is public domain"}},
	{ID: "OFL-1.1", Has: []string{"sil open font license", "version 1.1"}},
	{ID: "Unlicense", Has: []string{"this is free and unencumbered software released into the public domain"}},
}

var accepted = func() map[string]bool {
	ids := map[string]bool{}
	for _, k := range known {
		ids[k.ID] = true
	}
	return ids
}()

// identify says which known licences a text holds.
func identify(body string) (ids []string) {
	words := strings.ToLower(strings.Join(strings.Fields(strings.NewReplacer("*", " ", "//", " ", "#", " ").Replace(body)), " "))
	has := func(s string) bool { return strings.Contains(words, s) }
	for _, k := range known {
		if !slices.ContainsFunc(k.Has, func(s string) bool { return !has(s) }) && !slices.ContainsFunc(k.Lacks, has) && !slices.Contains(ids, k.ID) {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// licencesOf reads the licence files at the root of a module and beside those of its
// packages that were linked.
func licencesOf(root string, packages ...string) (texts []text, ids []string, err error) {
	folders := []string{root}
	for _, p := range packages {
		for _, f := range upTo(root, p) {
			if !slices.Contains(folders, f) {
				folders = append(folders, f)
			}
		}
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range entries {
			if e.IsDir() || !fileNames.MatchString(e.Name()) || notTexts.MatchString(e.Name()) {
				continue
			}
			body, err := os.ReadFile(filepath.Join(folder, e.Name()))
			if err != nil {
				return nil, nil, err
			}
			name, err := filepath.Rel(root, filepath.Join(folder, e.Name()))
			if err != nil {
				return nil, nil, err
			}
			texts = append(texts, text{File: filepath.ToSlash(name), Body: strings.ReplaceAll(string(body), "\r\n", "\n")})
			if lists.MatchString(e.Name()) {
				continue
			}
			of := identify(string(body))
			if len(of) == 0 && mustBeKnown.MatchString(e.Name()) {
				return nil, nil, fmt.Errorf("%s is a licence that nobody has looked at yet", name)
			}
			ids = append(ids, of...)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	switch {
	case len(texts) == 0:
		return nil, nil, errors.New("no licence file: it must not be shipped before somebody has asked")
	case len(ids) == 0:
		return nil, nil, fmt.Errorf("%s names no licence that anybody has looked at yet", texts[0].File)
	}
	return texts, ids, nil
}
