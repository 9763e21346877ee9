# Keyferry: make run, make test, make bench, make screens, make build, make lint, make package.
# The first call installs what is missing; later ones install and build nothing twice.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
MAKEFLAGS += --no-builtin-rules

tags     := desktop,production,webkit2_41
ldflags  := -s -w
bin      := build/bin
stamps   := build/.stamps
modules  := frontend/node_modules/.package-lock.json
page     := frontend/dist/index.html
page_src := $(shell find frontend/src frontend/public frontend/index.html frontend/*.ts frontend/*.js -type f 2>/dev/null)

results  := $(stamps)/results

.PHONY: run test bench screens build lint package package-check programs begin check-go check-frontend e2e clean

run: programs ; @build/run.sh
build: programs
test: begin lint check-frontend check-go e2e
	@echo; echo "All passed:"; cat $(results)

# --- programs -------------------------------------------------------------

programs: $(stamps)/window $(page)
	go build -trimpath -tags $(tags) -ldflags '$(ldflags)' -o $(bin)/keyferry .
	CGO_ENABLED=0 go build -trimpath -ldflags '$(ldflags)' -o $(bin)/keyferryctl ./backend/cmd/keyferryctl

$(page): $(modules) $(page_src)
	cd frontend && npm run --silent build

$(modules): frontend/package-lock.json frontend/package.json
	cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# Stamps say that a group of system packages is there; setup.sh says which.
$(stamps)/%: build/setup.sh
	@build/setup.sh $*
	@mkdir -p $(stamps) && touch $@

# --- checks ---------------------------------------------------------------

begin:
	@mkdir -p $(stamps) && rm -f $(results)

lint: $(stamps)/window
	@test -z "$$(gofmt -l app backend frontend/*.go main.go $$(find build -name node_modules -prune -o -name '*.go' -print) | tee /dev/stderr)"
	go vet ./backend/...
	go vet -tags $(tags),e2e . ./app/... ./frontend/
	GOOS=windows go vet ./backend/...
	GOOS=darwin go vet ./backend/...
	GOOS=darwin go vet -tags associated ./backend/platform/macos/... ./backend/assembly/...

check-frontend: $(modules)
	cd frontend && npm run --silent i18n && npm run --silent check
	cd frontend && npm test --silent -- --reporter=default --reporter=json --outputFile=../$(stamps)/page.json
	@node -p '(r => `page: $${r.numPassedTests} passed, $${r.numFailedTests} failed, $${r.numPendingTests} skipped`)(require("./$(stamps)/page.json"))' >> $(results)

# SQLite is translated C: to check each of its pointers takes as long as all the rest. The
# race detector still sees it.
unchecked := '-gcflags=modernc.org/...=-d=checkptr=0'

check-go: $(stamps)/window $(stamps)/display $(stamps)/peers $(stamps)/wine $(page)
	go test -json -race $(unchecked) -timeout 30m -tags $(tags) ./... | node build/go-results.mjs Go $(results)

# The real production window, driven from outside through the accessibility bus.
e2e: programs $(stamps)/display
	go test -json -count=1 -parallel 3 -tags e2e,$(tags) -timeout 40m ./app/e2e | node build/go-results.mjs 'real window' $(results)

bench: programs $(stamps)/display ; @build/bench.sh

# Visits every screen in both themes and leaves the pictures with the sources.
screens: programs $(stamps)/display $(stamps)/peers ; go run ./app/e2e/tour -every -out docs/screens

# --- packages -------------------------------------------------------------

# .deb, tarballs, Windows installers and zips, bill of materials and sums, in build/dist.
package: $(stamps)/window $(stamps)/package $(page) ; @build/package/package.sh

# Holds the packages to what is promised of them. Takes some minutes, and root.
package-check: $(stamps)/wine package ; @build/package/check.sh

clean: ; rm -rf $(bin) $(stamps) build/dist build/tour frontend/node_modules frontend/dist/assets frontend/dist/index.html
