package admission

import (
	"io"

	"github.com/keyferry/keyferry/backend/sheet"
)

var heading = []string{"id", "model", "protocol", "fido_certification", "fips_140_2_certification", "fips_140_3_certification", "admitted", "reason",
	"policy", "statement", "operator", "key", "wanted", "blob"}

// WriteCSV writes one line for each model, as package sheet does. What decided is the
// statement, or the one that came nearest to allowing it.
func (a Admission) WriteCSV(w io.Writer) error {
	cells := make([][]string, len(a.Rows))
	for i, r := range a.Rows {
		admitted := "no"
		if r.Reason == Admitted {
			admitted = "yes"
		}
		cells[i] = []string{r.Model.ID, r.Model.Name, r.Model.Protocol, r.Certificates.FIDO, r.Certificates.FIPS1402, r.Certificates.FIPS1403,
			admitted, string(r.Reason), "", "", "", "", "", number(a.Blob)}
		if by := r.By; by != nil {
			cells[i][8], cells[i][9] = by.Name, statement(*by.Place)
			cells[i][10], cells[i][11], cells[i][12] = by.Mismatch.Operator, by.Mismatch.Key, join(by.Mismatch.Want)
		}
	}
	return sheet.Write(w, heading, cells)
}
