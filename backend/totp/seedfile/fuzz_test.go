package seedfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp/seedfile"
)

// readAll holds what must be true of any file.
func readAll(t *testing.T, data []byte) {
	f, err := seedfile.Read(t.Context(), data, seedfile.Unlock{Key: preShared(t), Password: mfa.NewSecret([]byte("qwerty"))})
	if err != nil {
		if mfa.AsFailure(err).Code == mfa.CodeInternal {
			t.Errorf("%v", mfa.AsFailure(err).Explain())
		}
		return
	}
	line := 0
	for _, r := range f.Rows {
		if r.Problem == nil && (r.Seed.Len() == 0 || r.Params.Check() != nil || r.Serial == "" && !f.Format.IsVirtual()) {
			t.Errorf("usable, but %+v", r)
		}
		if r.Line <= line {
			t.Errorf("row %d after row %d", r.Line, line)
		}
		line = r.Line
	}
}

func FuzzPSKC(f *testing.F) {
	figures, _ := filepath.Glob(filepath.Join("testdata", "*.xml"))
	for _, path := range figures {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(plainPSKC))
	f.Add([]byte(pskcHead + keyPackage("T1", "totp", eight, plainSecret) + `</KeyContainer>`))
	f.Add([]byte(`<Tokens><Token serial="1"/></Tokens>`))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///x">]><KeyContainer>&e;</KeyContainer>`))
	f.Fuzz(readAll)
}

func FuzzCSV(f *testing.F) {
	for _, data := range []string{
		"T1," + hex20 + ",TOTP,6,30", "# version: 2\na,b,c,T1," + hex20, "serial,seed\n\"T\"\"1\";\"00\"", "T1;00;HOTP;8;9",
		"upn,serial number,secret key,time interval,manufacturer,model\nh,1234567,MZXW6YTBOI,60,C,K",
		"LOGGING START,x\nOATH-HOTP,d,1,u,,00", "508326,,0,69cf,,2013-12-12T08:41:07,", "otpauth://totp/A:b?secret=MZXW6YTBOI\nx",
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(readAll)
}
