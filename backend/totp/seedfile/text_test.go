package seedfile_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp/seedfile"
)

// brief is a row in one line: number, serial, how codes are made, bytes of seed,
// problem.
func brief(r seedfile.Row) string {
	s := fmt.Sprintf("%d %s", r.Line, r.Serial)
	if r.Type != "" {
		s += fmt.Sprintf(" %s %s/%d/%v", r.Type, r.Params.Algorithm, r.Params.Digits, r.Params.Period)
	}
	if r.HashAssumed {
		s += " assumed"
	}
	s += fmt.Sprintf(" %d", r.Seed.Len())
	if r.Problem != nil {
		s += " " + problem(r.Problem)
	}
	return s
}

// problem is a failure's code and the params that matter.
func problem(err error) string {
	f := mfa.AsFailure(err)
	s := string(f.Code)
	for _, name := range []string{"what", "field", "serial", "line", "limit"} {
		if v, ok := f.Params[name]; ok && (name != "line" || f.Code == mfa.CodeTokenDuplicate || f.Code == mfa.CodeSeedDuplicate || f.Code == mfa.CodeSeedFileDamaged) {
			s += " " + v
		}
	}
	return s
}

const (
	hex20 = "3132333435363738393031323334353637383930"
	hex21 = "3132333435363738393031323334353637383931"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		name, data string
		format     seedfile.Format
		rows       []string
		refused    string
	}{
		{name: "OATH CSV", data: "T1, " + hex20 + ", TOTP, 6, 30\nT2," + hex21 + ",totp,8,60\r\n", format: seedfile.OATH,
			rows: []string{"1 T1 totp SHA1/6/30s 20", "2 T2 totp SHA1/8/1m0s 20"}},
		{name: "OATH CSV, two columns count", data: "T1," + hex20, format: seedfile.OATH, rows: []string{"1 T1 hotp SHA1/6/30s 20 token-counter-based"}},
		{name: "OATH CSV, defaults", data: "T1," + hex20 + ",TOTP", format: seedfile.OATH, rows: []string{"1 T1 totp SHA1/6/30s 20"}},
		{name: "OATH CSV, hash by length", data: "T1," + strings.Repeat("0a", 32) + ",TOTP\nT2," + strings.Repeat("0b", 64) + ",TOTP", format: seedfile.OATH,
			rows: []string{"1 T1 totp SHA256/6/30s assumed 32", "2 T2 totp SHA512/6/30s assumed 64"}},
		{name: "OATH CSV, version 2", data: "# version: 2\nalice,passwd,home,T1," + hex20 + ",TOTP,6,30", format: seedfile.OATH, rows: []string{"2 T1 totp SHA1/6/30s 20"}},
		{name: "OATH CSV, comments and blank lines", data: "# seeds\n\n  \nT1," + hex20 + ",TOTP\n#T9,00", format: seedfile.OATH, rows: []string{"4 T1 totp SHA1/6/30s 20"}},
		{name: "OATH CSV, heading", data: "serial,seed,type\nT1," + hex20 + ",TOTP", format: seedfile.OATH, rows: []string{"2 T1 totp SHA1/6/30s 20"}},
		{name: "OATH CSV, mark and quotes", data: "\xef\xbb\xbf\"T1\",\"" + hex20 + "\",\"TOTP\"", format: seedfile.OATH, rows: []string{"1 T1 totp SHA1/6/30s 20"}},
		{name: "OATH CSV, semicolons", data: "T1;" + hex20 + ";TOTP;6;30", format: seedfile.OATH, rows: []string{"1 T1 totp SHA1/6/30s 20"}},
		{name: "OATH CSV, bad rows are named", data: "T1," + hex20 + ",TOTP\nT2,xyz,TOTP\nT3,123,TOTP\nT4\nT 5," + hex21 + "\nT6," + hex21 + ",TOTP,x\nT7,00,TOTP,6,0\nT8,00,ABC\nT9,\"0\n",
			format: seedfile.OATH, rows: []string{"1 T1 totp SHA1/6/30s 20", "2 T2 hotp SHA1/6/30s 0 seed-file-row seed", "3 T3 hotp SHA1/6/30s 0 seed-file-row seed",
				"4  hotp SHA1/6/30s 0 seed-file-row columns", "5 T 5 hotp SHA1/6/30s 0 seed-file-row serial", "6 T6 totp SHA1/6/30s 20 seed-file-row digits",
				"7 T7 totp SHA1/6/30s 1 seed-file-row step", "8 T8 hotp SHA1/6/30s 1 seed-file-row type", "9  hotp SHA1/6/30s 0 seed-file-row line"}},
		{name: "OATH CSV, kinds that do not work", data: "T1," + hex20 + ",OCRA\nT2," + hex21 + ",TOTP,7\nT3,00,TOTP,6,45", format: seedfile.OATH,
			rows: []string{"1 T1 ocra SHA1/6/30s 20 token-unsupported OCRA", "2 T2 totp SHA1/7/30s 20 token-unsupported 7 digits", "3 T3 totp SHA1/6/45s 1 token-unsupported 45s"}},
		{name: "OATH CSV, base32 is not guessed", data: "T1,MZXW6YTBOI", refused: "seed-file-unknown"},
		{name: "OATH CSV, base32 with a type is a bad row", data: "T1,MZXW6YTBOI,TOTP", format: seedfile.OATH, rows: []string{"1 T1 hotp SHA1/6/30s 0 seed-file-row seed"}},
		{name: "OATH CSV, hex that looks like base32", data: "T1,ABCDEF234567ABCD,TOTP", format: seedfile.OATH, rows: []string{"1 T1 totp SHA1/6/30s 8"}},
		{name: "duplicates", data: "T1," + hex20 + ",TOTP\nt1," + hex21 + ",TOTP\nT3," + hex20 + ",TOTP\nT4,zz,TOTP\nT1,00,TOTP", format: seedfile.OATH,
			rows: []string{"1 T1 totp SHA1/6/30s 20", "2 t1 totp SHA1/6/30s 20 token-duplicate t1 1", "3 T3 totp SHA1/6/30s 20 seed-duplicate T3 1",
				"4 T4 hotp SHA1/6/30s 0 seed-file-row seed", "5 T1 totp SHA1/6/30s 1 token-duplicate T1 1"}},
		{name: "a line of 8 MB", data: "T1," + hex20 + ",TOTP\nT2," + strings.Repeat("0", 8<<20) + ",TOTP\nT3," + hex21 + ",TOTP", format: seedfile.OATH,
			rows: []string{"1 T1 totp SHA1/6/30s 20", "2  hotp SHA1/6/30s 0 seed-file-row line", "3 T3 totp SHA1/6/30s 20"}},
		{name: "nothing but a line of 8 MB", data: strings.Repeat("0", 8<<20), refused: "seed-file-unknown"},

		{name: "Entra CSV", data: "upn,serial number,secret key,time interval,manufacturer,model\nh@x.org,1234567,MZXW6YTBOI,60,Contoso,Key\n,2345678,mzxw6ytb,30,,\n", format: seedfile.Entra,
			rows: []string{"2 1234567 totp SHA1/6/1m0s 6", "3 2345678 totp SHA1/6/30s 5"}},
		{name: "Entra CSV, hex that is base32 too", data: "upn,serial number,secret key,time interval,manufacturer,model\nh,1234567,ABCDEF234567ABCD,60,C,K", format: seedfile.Entra,
			rows: []string{"2 1234567 totp SHA1/6/1m0s 10"}},
		{name: "Entra CSV, other order, other case", data: "\"Secret Key\";Serial Number;TimeInterval\nMZXW6YTBOI;1234567;30", format: seedfile.Entra, rows: []string{"2 1234567 totp SHA1/6/30s 6"}},
		{name: "Entra CSV, bad rows are named", data: "upn,serial number,secret key,time interval\na,1,MZXW0,30\nb,,MZXW6YTB,30\nc,3,MZXW6YTA,x\nd,4", format: seedfile.Entra,
			rows: []string{"2 1 totp SHA1/6/30s 0 seed-file-row secret key", "3  totp SHA1/6/30s 5 seed-file-row serial number",
				"4 3 totp SHA1/6/30s 5 seed-file-row time interval", "5  totp SHA1/6/30s 0 seed-file-row columns"}},
		{name: "Entra CSV without tokens", data: "upn,serial number,secret key", format: seedfile.Entra},

		{name: "Yubico log", data: "LOGGING START,29.11.2012 19:30\nOATH-HOTP,29.11.2012 19:31,1,ubnu00001,," + hex20 + ",,,0,0,0,6,0,0,0\n", format: seedfile.Yubico,
			rows: []string{"2 ubnu00001 0 token-no-clock"}},
		{name: "Yubico log, as the tool writes it", data: "LOGGING START,1/17/2013 2:29 PM\nOATH-HOTP,1/17/2013 2:30 PM,1,vvtest,," + hex20 + ",,,0,0,0,6,0,0,0,0,0,0\n", format: seedfile.Yubico,
			rows: []string{"2 vvtest 0 token-no-clock"}},
		{name: "Yubico log, begun earlier", data: "Yubico OTP,1/17/2013 2:30 PM,1,vvtest,010203040506," + hex20[:32] + ",,,0,0,0,0,0,0,0,0,0,0\n", format: seedfile.Yubico,
			rows: []string{"1 vvtest 0 token-no-clock"}},
		{name: "Yubico log, Yubico format", data: "508326,,0,69cfb9202438ca68964ec3244bfa4843d073a43b,,2013-12-12T08:41:07,\n", format: seedfile.Yubico, rows: []string{"1 508326 0 token-no-clock"}},
		{name: "Yubico key server", data: "# ykksm 1\n1,cccccccccccb,abcdef012345,000102030405060708090a0b0c0d0e0f,0,2012-11-29T19:31:00,\n", format: seedfile.Yubico, rows: []string{"2 1 0 token-no-clock"}},

		{name: "otpauth list", data: "otpauth://totp/A:b?secret=MZXW6YTBOI\n\n# two more\nOTPAUTH://totp/A:c?secret=MZXW6YTB&digits=8&period=60&algorithm=SHA256\notpauth://hotp/d?secret=ME&counter=0\n", format: seedfile.OTPAuthList,
			rows: []string{"1  totp SHA1/6/30s 6", "4  totp SHA256/8/1m0s 5", "5  hotp SHA1/6/30s 1 token-counter-based"}},
		{name: "otpauth list, bad rows are named", data: "otpauth://totp/A:b?secret=MZXW6YTBOI\notpauth://totp/A:b?secret=\nhello\notpauth://totp/A:x?secret=MZXW6YTBOI\notpauth://totp/s?secret=ME&encoder=steam", format: seedfile.OTPAuthList,
			rows: []string{"1  totp SHA1/6/30s 6", "2  totp SHA1/6/30s 0 seed-file-row secret", "3  totp SHA1/6/30s 0 seed-file-row scheme",
				"4  totp SHA1/6/30s 6 seed-duplicate x 1", "5  totp SHA1/6/30s 0 token-unsupported encoder"}},

		{name: "nothing", data: "", refused: "seed-file-unknown"},
		{name: "comments only", data: "# a\n# b", refused: "seed-file-unknown"},
		{name: "prose", data: "Dear customer, here are your seeds.\n", refused: "seed-file-unknown"},
		{name: "UTF-16", data: "\xff\xfeT\x001\x00", refused: "seed-file-encoding"},
		{name: "UTF-16 without a mark", data: "T\x001\x00,\x00", refused: "seed-file-encoding"},
		{name: "mixed encodings", data: "T1," + hex20 + ",TOTP\nM\xfcller,00", refused: "seed-file-encoding"},
		{name: "too large", data: strings.Repeat("\n", seedfile.MaxFile+1), refused: "seed-file-too-large 32 MB"},
		{name: "too many rows", data: strings.Repeat("T,0\n", seedfile.MaxRows+1) + "", refused: "seed-file-unknown"},
		{name: "too many rows of a format", data: "T,00\n" + strings.Repeat("T,0\n", seedfile.MaxRows), refused: "seed-file-too-large 50000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := seedfile.Read(t.Context(), []byte(c.data), seedfile.Unlock{})
			if c.refused != "" {
				if err == nil || problem(err) != c.refused {
					t.Errorf("%v, want %s", err, c.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(problem(err))
			}
			if f.Format != c.format || len(f.Rows) != len(c.rows) {
				t.Fatalf("%s with %d rows, want %s with %d", f.Format, len(f.Rows), c.format, len(c.rows))
			}
			for i, want := range c.rows {
				if got := brief(f.Rows[i]); got != want {
					t.Errorf("row %d: %s\nwant %s", i, got, want)
				}
			}
		})
	}
}

func TestRowsOfEntra(t *testing.T) {
	data := []byte("upn,serial number,secret key,time interval,manufacturer,model\nh@x.org,1234567,MZXW6YTBOI,60,\"Con, toso \"\"A\"\"\",Key")
	f, err := seedfile.Read(t.Context(), data, seedfile.Unlock{})
	if err != nil {
		t.Fatal(err)
	}
	if r := f.Rows[0]; r.Label != "h@x.org" || r.Manufacturer != `Con, toso "A"` || r.Model != "Key" || string(r.Seed.Bytes()) != "foobar" {
		t.Errorf("%+v", r)
	}
	f.Wipe()
	if f.Rows[0].Seed.Len() != 0 {
		t.Error("not wiped")
	}
}

func TestCounts(t *testing.T) {
	f, err := seedfile.Read(t.Context(), []byte("T1,"+hex20+",TOTP\nT2,xx,TOTP\nT3,"+hex21), seedfile.Unlock{})
	if err != nil || f.Usable() != 1 || problem(f.Rows[1].Problem) != "seed-file-row seed" {
		t.Errorf("%v, %d usable, problem %v", err, f.Usable(), f.Rows[1].Problem)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, data := range []string{"T1," + hex20, "otpauth://totp/x?secret=ME", "LOGGING START", "serial number,secret key", plainPSKC, "<Tokens/>"} {
		if _, err := seedfile.Read(ctx, []byte(data), seedfile.Unlock{}); !mfa.IsCode(err, mfa.CodeCancelled) {
			t.Errorf("%.20s: %v", data, err)
		}
	}
}

func TestDeviceSerial(t *testing.T) {
	for serial, want := range map[string]string{"1234567": "001234567", "123456789": "123456789", "GAHT12345678": "GAHT12345678", "": ""} {
		if got, mapped := seedfile.DeviceSerial(serial); got != want || mapped != (got != serial) {
			t.Errorf("%s: %s, %v", serial, got, mapped)
		}
	}
}
