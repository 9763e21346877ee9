package bind

import (
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/metadata"
)

// MetadataDTO is what was imported.
type MetadataDTO struct {
	Current *BlobDTO  `json:"current"`
	Older   []BlobDTO `json:"older"`
	Odd     []OddDTO  `json:"odd"`
	Address string    `json:"address"`
}

// OddDTO is an entry that is not as it should be.
type OddDTO struct {
	Position int    `json:"position"`
	ID       string `json:"id"`
	Why      string `json:"why"`
	Used     bool   `json:"used"`
}

// ImportedBlobDTO is what an import led to; not Fresh is the same file once more.
type ImportedBlobDTO struct {
	Blob    BlobDTO `json:"blob"`
	Fresh   bool    `json:"fresh"`
	Models  int     `json:"models"`
	Drifted int     `json:"drifted"`
}

// ModelDTO is one model of the catalogue.
type ModelDTO struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Protocol   string   `json:"protocol"`
	Transports []string `json:"transports"`
	Status     string   `json:"status"`
	Refused    bool     `json:"refused"`
	Since      string   `json:"since"`
	FIDO       string   `json:"fido"`
	FIPS2      string   `json:"fips2"`
	FIPS3      string   `json:"fips3"`
}

// ModelDetailsDTO is a model in full. Icon is a data: address or empty.
type ModelDetailsDTO struct {
	Model   ModelDTO          `json:"model"`
	Icon    string            `json:"icon"`
	Reports []StatusReportDTO `json:"reports"`
	Facts   []FactDTO         `json:"facts"`
	Devices int               `json:"devices"`
}

// FactDTO is one thing that a metadata statement says.
type FactDTO struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

func odd(o mds.Odd) OddDTO { return OddDTO(o) }

func imported(i metadata.Imported, b Backend) ImportedBlobDTO {
	return ImportedBlobDTO{Blob: blobOf(b.Now())(i.Blob), Fresh: i.Fresh, Models: i.Models, Drifted: i.Drifted}
}

// catalogued converts a model of the catalogue as it stands at a moment.
func catalogued(now time.Time) func(metadata.Model) ModelDTO {
	return func(m metadata.Model) ModelDTO {
		dto := modelOf(m.Model, now)
		dto.FIDO, dto.FIPS2, dto.FIPS3, dto.Refused = m.FIDO, m.FIPS1402, m.FIPS1403, m.Refused
		return dto
	}
}

// modelOf leaves out what depends on a verdict.
func modelOf(m *mds.Model, now time.Time) ModelDTO {
	return ModelDTO{ID: m.ID, Name: m.Name, Protocol: m.Protocol, Transports: each(m.Transports, text[string]), Status: m.Status(now), Since: day(m.Since)}
}

func statusReport(now time.Time) func(mds.Report) StatusReportDTO {
	return func(r mds.Report) StatusReportDTO {
		return StatusReportDTO{Status: r.Status, Date: day(r.Effective), Until: day(r.Sunset), Number: r.Number, FIPS: r.FIPS, URL: r.URL, Now: r.InEffect(now)}
	}
}
