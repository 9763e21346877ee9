//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// What the BLOB of 2021 that these tests import says of itself.
const (
	blobNumber = "9"
	blobModels = "98"
	blobFIDO   = "81" // of them not UAF, which no browser speaks
)

// blob is FIDO's metadata as it was published once. It is not ours to give away,
// therefore it may be missing.
func blob(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "..", "shared", "vectors", "mds", "blob-2021-no9.jwt"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("FIDO's metadata is not beside the sources: %v", err)
	}
	return path
}

// FIDO's metadata is imported through the system's dialog for files. It is years old,
// which is said and hinders nothing: models are found by name, told apart, and opened.
func TestMetadata(t *testing.T) {
	file := blob(t)
	s := sit(t, account(t))
	all := s.Words.Say("metadata.s_so_many", "n", blobModels)
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome, s.ImportMetadata(file, blobNumber, blobModels),
		s.Says("metadata.s_overdue"))
	must(t, s.Enter("metadata.s_search", "5Ci FIPS"), s.Says("list.l_found", "n", "1", "all", all), s.Shows("YubiKey 5Ci FIPS"), s.Looks("metadata-search"),
		s.Row("YubiKey 5Ci FIPS"), s.Heading("YubiKey 5Ci FIPS"), s.Shows("85203421-48f9-4355-9bc8-8a53846e5083"),
		s.Title("metadata.s_reports"), s.Shows("FIPS 140-2 L2"), s.Title("metadata.s_facts"), s.Looks("metadata-model"), s.Push("metadata.s_all"),
		s.Push("metadata.s_clear"), s.Says("metadata.l_sub", "n", blobModels, "number", blobNumber))
	must(t, s.Push("metadata.s_about"), s.Title("metadata.s_about"), s.Shows("blob-2021-no9.jwt"), s.Looks("metadata-about"))

	// The same file once more is recognised, and another's is refused; neither changes anything.
	broken := filepath.Join(t.TempDir(), "blob.jwt")
	if err := os.WriteFile(broken, []byte("not.a.blob"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, s.Push("metadata.s_newer"), s.Push("file.s_choose"), s.Choose(file), s.Says("metadata.l_same", "number", blobNumber),
		s.Push("file.s_choose"), s.Choose(broken), s.Says("metadata.l_stays"), s.Looks("metadata-refused"))

	s.close(t)
	var kept struct {
		Current struct {
			Number  int64
			Entries int
			Overdue bool
		}
	}
	if err := s.ctl(t).Run(&kept, "mds", "show"); err != nil {
		t.Fatal(err)
	}
	if kept.Current.Number != 9 || kept.Current.Entries != 98 || !kept.Current.Overdue {
		t.Errorf("kept is %+v", kept.Current)
	}
	trail, err := s.ctl(t).Trail()
	if err != nil {
		t.Fatal(err)
	}
	imported := slices.DeleteFunc(walk.Kinds(trail), func(kind string) bool { return kind != "metadata-imported" })
	if len(imported) != 1 {
		t.Errorf("the trail tells of %d imports, not of one", len(imported))
	}
}
