package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

// product is what the bill is about.
type product struct {
	Name, Version string
	Time          time.Time // of the commit
}

// part is a module or package inside the product.
type part struct {
	Name, Version string
	PURL          string
	Hash          hash
	Programs      []string // what it is in, as "keyferry linux/amd64"
	Uses          []string // PURLs
	Licences      []string // SPDX identifiers: all hold
	Texts         []text
}

// hash is empty where nobody publishes one.
type hash struct{ Algorithm, Hex string }

// text is a licence or notice file.
type text struct{ File, Body string }

func main() {
	root := flag.String("root", ".", "the product's sources are in `DIR`")
	page := flag.String("page", "", "what page.mjs wrote, a `FILE`")
	version := flag.String("version", "", "the product's version")
	epoch := flag.Int64("time", 0, "the commit's time, in `SECONDS` since 1970")
	bill := flag.String("sbom", "", "write the bill to `FILE`")
	licences := flag.String("licences", "", "write the licences to `FILE`")
	flag.Parse()
	p := product{Name: "Keyferry", Version: *version, Time: time.Unix(*epoch, 0).UTC()}
	if err := run(*root, *page, p, flag.Args(), *bill, *licences); err != nil {
		fmt.Fprintln(os.Stderr, "inventory:", err)
		os.Exit(1)
	}
}

func run(root, page string, p product, programs []string, bill, licences string) error {
	parts, err := modules(root, programs)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	var packages []npmPackage
	if err := json.Unmarshal(data, &packages); err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	inPage, err := npmParts(packages)
	if err != nil {
		return err
	}
	parts = append(parts, inPage...)
	if err := writeBill(bill, p, parts); err != nil {
		return err
	}
	fmt.Printf("%d modules and packages\n", len(parts))
	return os.WriteFile(licences, []byte(licenceText(p, parts)), 0o644)
}
