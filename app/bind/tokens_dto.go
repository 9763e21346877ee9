package bind

import (
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/stock"
)

// TokenRowDTO is one token of a seed file. Period is in seconds.
type TokenRowDTO struct {
	Line         int         `json:"line"`
	Serial       string      `json:"serial"`
	Mapped       string      `json:"mapped"`
	Manufacturer string      `json:"manufacturer"`
	Model        string      `json:"model"`
	Label        string      `json:"label"`
	Algorithm    string      `json:"algorithm"`
	Digits       int         `json:"digits"`
	Period       int         `json:"period"`
	HashAssumed  bool        `json:"hashAssumed"`
	Failure      *FailureDTO `json:"failure"`
}

// TokenPreviewDTO is a seed file that was read.
type TokenPreviewDTO struct {
	ID     string        `json:"id"`
	File   string        `json:"file"`
	Format string        `json:"format"`
	Rows   []TokenRowDTO `json:"rows"`
	Good   int           `json:"good"`
	Bad    int           `json:"bad"`
}

// ImportProgressDTO is how far an import is.
type ImportProgressDTO struct {
	ID    string `json:"id"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

// SeedFileRequest reads a seed file; Password and Key are empty where it needs none.
type SeedFileRequest struct {
	File     string   `json:"file"`
	Password Password `json:"password"`
	Key      Password `json:"key"`
}

// PreviewCodesRequest asks for the codes of Count rows from From on.
type PreviewCodesRequest struct {
	ID    string `json:"id"`
	From  int    `json:"from"`
	Count int    `json:"count"`
}

func tokenPreview(file string, p *stock.Preview) TokenPreviewDTO {
	return TokenPreviewDTO{File: file, Format: string(p.Format), Good: p.Good(), Bad: p.Bad(), Rows: each(p.Rows, tokenRow)}
}

func tokenRow(r stock.Row) TokenRowDTO {
	return TokenRowDTO{Line: r.Line, Serial: r.Serial, Mapped: r.Mapped, Manufacturer: r.Manufacturer, Model: r.Model, Label: r.Label,
		Algorithm: string(r.Params.Algorithm), Digits: r.Params.Digits, Period: seconds(1, r.Params.Period), HashAssumed: r.HashAssumed,
		Failure: failure(r.Problem)}
}

func progress(i desk.Import) ImportProgressDTO { return ImportProgressDTO(i) }
