package main

import (
	"os"
	"path/filepath"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// blob is FIDO's metadata of 2021, which is not among the sources; models is how many
// it has.
const (
	blob       = "../shared/vectors/mds/blob-2021-no9.jwt"
	blobNumber = "9"
	models     = "98"
)

// metadata looks at the models of devices, before there is metadata and after.
func (v *visitor) metadata() []chapter {
	none := chapter{"Have no metadata", []walk.Step{v.Open("metadata"), v.Title("metadata.s_none_yet"), v.Looks("metadata-none")}}
	file, err := filepath.Abs(blob)
	if err == nil {
		_, err = os.Stat(file)
	}
	if err != nil {
		return []chapter{none}
	}
	return []chapter{none, {"Look at models", []walk.Step{
		v.Push("file.s_choose"), v.Choose(v.h.file("people.csv")), v.Says("failure.metadata-malformed.s_title"), v.Looks("metadata-refused"),
		v.Push("file.s_choose"), v.Choose(file), v.Says("metadata.l_sub", "n", models, "number", blobNumber), v.Looks("metadata"),
		v.Enter("metadata.s_search", "yubikey fips"), v.Shows("YubiKey 5Ci FIPS"), v.Looks("metadata-search"),
		v.Row("YubiKey 5Ci FIPS"), v.Heading("YubiKey 5Ci FIPS"), v.Title("metadata.s_reports"), v.Looks("model"), v.Push("metadata.s_all"),
		v.Push("metadata.s_clear"), v.Push("metadata.s_about"), v.Title("metadata.s_about"), v.Looks("metadata-about"),
		v.Push("metadata.s_newer"), v.Title("policies.s_to_metadata"), v.Push("file.s_choose"), v.Choose(file), v.Says("metadata.s_same"),
		v.Looks("metadata-same"), v.Push("do.s_cancel"),
	}}}
}
