package sheet

import (
	"encoding/csv"
	"io"
	"strings"
)

// Write writes a heading and rows. A cell that a spreadsheet would run as a formula
// begins with an apostrophe: names may begin with +, =, - and @. It fails as w does.
func Write(w io.Writer, heading []string, rows [][]string) error {
	out := csv.NewWriter(w)
	_ = out.Write(heading) // Error tells
	inert := make([]string, 0, len(heading))
	for _, row := range rows {
		inert = inert[:0]
		for _, cell := range row {
			inert = append(inert, text(cell))
		}
		_ = out.Write(inert)
	}
	out.Flush()
	return out.Error()
}

func text(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
