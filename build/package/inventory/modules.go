package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// modules are the Go modules that were linked into the programs, and Go's own library.
func modules(root string, programs []string) ([]part, error) {
	found := map[string]*linked{}
	for _, p := range programs {
		if err := read(root, p, found); err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no program was given")
	}
	var parts []part
	for _, name := range slices.Sorted(maps.Keys(found)) {
		m := found[name]
		texts, ids, err := licencesOf(m.folder, slices.Sorted(maps.Keys(m.packages))...)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", name, m.version, err)
		}
		p := part{Name: name, Version: m.version, PURL: goPURL(name, m.version), Hash: m.hash, Programs: m.programs, Licences: ids, Texts: texts}
		for _, use := range slices.Sorted(maps.Keys(m.uses)) {
			p.Uses = append(p.Uses, goPURL(use, found[use].version))
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// linked is a module in at least one program.
type linked struct {
	version, folder string
	hash            hash
	programs        []string
	packages        map[string]bool // folders of the linked packages
	uses            map[string]bool // modules
}

func goPURL(name, version string) string { return "pkg:golang/" + name + "@" + version }

// standard is the name under which the Go ecosystem lists its library and runtime.
const standard = "stdlib"

// read adds what one program was linked from.
func read(root, program string, found map[string]*linked) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	label := fmt.Sprintf("%s %s/%s", path.Base(info.Path), set["GOOS"], set["GOARCH"])
	add := func(name, version, folder, sum string) *linked {
		m := found[name]
		if m == nil {
			m = &linked{version: version, folder: folder, hash: sha256Of(sum), packages: map[string]bool{}, uses: map[string]bool{}}
			found[name] = m
		}
		m.programs = append(m.programs, label)
		return m
	}
	add(standard, strings.TrimPrefix(info.GoVersion, "go"), runtime.GOROOT(), "")
	packages, err := listed(root, info.Path, set)
	if err != nil {
		return err
	}
	folders := map[string]string{}
	for _, p := range packages {
		if p.Module != nil {
			folders[p.Module.Path] = p.Module.Dir
		}
	}
	for _, dep := range info.Deps {
		if dep.Replace != nil {
			dep = dep.Replace
		}
		if folders[dep.Path] == "" {
			return fmt.Errorf("%s is in the program, and go list does not know it", dep.Path)
		}
		add(dep.Path, dep.Version, folders[dep.Path], dep.Sum)
	}
	owner := map[string]*goModule{}
	for _, p := range packages {
		owner[p.ImportPath] = p.Module
	}
	for _, p := range packages {
		if p.Module == nil || found[p.Module.Path] == nil {
			continue // Go's library, and the product itself
		}
		m := found[p.Module.Path]
		m.packages[p.Dir] = true
		for _, i := range p.Imports {
			if to := owner[i]; to != nil && to.Path != p.Module.Path && found[to.Path] != nil {
				m.uses[to.Path] = true
			}
		}
	}
	return nil
}

type goModule struct{ Path, Dir string }

type goPackage struct {
	ImportPath, Dir string
	Imports         []string
	Module          *goModule
}

// listed are the packages a program is made of, for the system it was made for.
func listed(root, main string, set map[string]string) ([]goPackage, error) {
	cmd := exec.Command("go", "list", "-deps", "-tags", set["-tags"], "-json=ImportPath,Dir,Imports,Module", main)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+set["GOOS"], "GOARCH="+set["GOARCH"], "CGO_ENABLED="+set["CGO_ENABLED"])
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, complaint.String())
	}
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

// sha256Of reads a sum of go.sum ("h1:" and base64): SHA-256 of the module's list of files.
func sha256Of(sum string) hash {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:"))
	if err != nil || len(raw) != 32 {
		return hash{}
	}
	return hash{"SHA-256", hex.EncodeToString(raw)}
}

// upTo are the folders from a module's root to one of its packages.
func upTo(root, folder string) []string {
	folders := []string{root}
	inside, err := filepath.Rel(root, folder)
	if err != nil || inside == "." || strings.HasPrefix(inside, "..") {
		return folders
	}
	for step := range strings.SplitSeq(inside, string(filepath.Separator)) {
		folders = append(folders, filepath.Join(folders[len(folders)-1], step))
	}
	return folders
}
