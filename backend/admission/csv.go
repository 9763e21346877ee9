package admission

import (
	"io"
	"slices"

	"github.com/keyferry/keyferry/backend/sheet"
)

var (
	aboutModel = []string{"id", "model", "protocol", "fido_certification", "fips_140_2_certification", "fips_140_3_certification"}
	aboutWhy   = []string{"reason", "policy", "statement", "operator", "key", "wanted"}
)

// WriteCSV writes one line for each model, as package sheet does. What decided is the
// statement, or the one that came nearest to allowing it.
func (a Admission) WriteCSV(w io.Writer) error {
	lines := make([][]string, len(a.Rows))
	for i, r := range a.Rows {
		admitted := "no"
		if r.Reason == Admitted {
			admitted = "yes"
		}
		lines[i] = slices.Concat(r.model(), []string{admitted}, r.why(), []string{number(a.Blob)})
	}
	return sheet.Write(w, slices.Concat(aboutModel, []string{"admitted"}, aboutWhy, []string{"blob"}), lines)
}

// WriteDifferences writes one line for each model that is let in now ("admitted") or no
// more ("refused"), as package sheet does. The reason of one that the second BLOB does
// not know is "gone".
func WriteDifferences(w io.Writer, all []Difference) error {
	lines := make([][]string, len(all))
	for i, d := range all {
		change, why := "admitted", d.why()
		if d.Lost {
			change = "refused"
		}
		if d.Gone() {
			why = []string{"gone", "", "", "", "", ""}
		}
		lines[i] = slices.Concat([]string{change}, d.model(), why)
	}
	return sheet.Write(w, slices.Concat([]string{"change"}, aboutModel, aboutWhy), lines)
}

func (r Row) model() []string {
	return []string{r.Model.ID, r.Model.Name, r.Model.Protocol, r.Certificates.FIDO, r.Certificates.FIPS1402, r.Certificates.FIPS1403}
}

func (r Row) why() []string {
	if r.By == nil {
		return []string{string(r.Reason), "", "", "", "", ""}
	}
	m := r.By.Mismatch
	return []string{string(r.Reason), r.By.Name, statement(*r.By.Place), m.Operator, m.Key, join(m.Want)}
}
