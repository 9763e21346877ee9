package mdstest

import (
	"fmt"
	"testing"
	"time"
)

// Many makes n entries as FIDO's BLOB has them: pictures of 2 to 40 KB, one to three
// roots of 90 makers, all levels, some U2F models and a few that must be refused. 281
// of them are about 8 MB, as in 2026.
func Many(t testing.TB, n int) []Entry {
	t.Helper()
	makers := make([]*Maker, min(n, 90))
	for i := range makers {
		makers[i] = NewMaker(t, fmt.Sprintf("Maker %d", i))
	}
	levels := []string{"L1", "L1plus", "L2", "L1", "L3", "L1", "L2plus", "L1", "L3plus"}
	entries := make([]Entry, n)
	for i := range entries {
		day := Now.AddDate(-5, 0, i).Format(time.DateOnly)
		e := Entry{
			AAGUID: Model(i + 1), Name: fmt.Sprintf("Example authenticator %d, series %d", i, i%7), Firmware: uint32(i%9 + 1), Since: day,
			Hints: []string{"external", "wired", "nfc"}, Transports: []string{"usb", "nfc"}, Icon: Icon(2000 + i*7919%38000),
			Reports: []Report{Status("FIDO_CERTIFIED", day), Status("FIDO_CERTIFIED_"+levels[i%len(levels)], day).
				With("certificateNumber", fmt.Sprintf("FIDO200%08d", i)).With("certificationPolicyVersion", "1.4.0").With("certificationRequirementsVersion", "1.5.0")},
		}
		for k := range i%3 + 1 {
			e.Roots = append(e.Roots, makers[(i+k*31)%len(makers)].Root)
		}
		switch i % 10 {
		case 3:
			e.Reports = append(e.Reports, FIPS(2, i%4+1, day))
		case 5:
			e.Reports = append(e.Reports, FIPS(3, i%4+1, day))
		case 7:
			e.Certifications = map[string]int{"FIPS-CMVP-2": 2, "FIPS-CMVP-2-PHY": 3}
		case 8:
			e.Protocol, e.KeyIDs, e.AAGUID = "u2f", [][]byte{KeyID(makers[i%len(makers)].Batch)}, [16]byte{}
			e.KeyIDs[0] = append([]byte{byte(i >> 8), byte(i)}, e.KeyIDs[0][2:]...) // 90 makers, more models
		}
		if i%40 == 39 {
			e.Reports = append(e.Reports, Status("REVOKED", day))
		}
		entries[i] = e
	}
	return entries
}
