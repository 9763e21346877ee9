module github.com/keyferry/keyferry/build/package

go 1.26.0

tool github.com/josephspurrier/goversioninfo/cmd/goversioninfo

require github.com/CycloneDX/cyclonedx-go v0.12.0

require (
	github.com/akavel/rsrc v0.10.2 // indirect
	github.com/josephspurrier/goversioninfo v1.7.0 // indirect
)
