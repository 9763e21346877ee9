package keys

import (
	"testing"
	"testing/synctest"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// saying is a key of today that says more of itself.
func saying(change func(*ctap2.Info)) *stick {
	c := modern()
	c.Info = change
	return newStick("a", c)
}

// resetOf goes through a reset in which the key that is put back is another, if it is given.
func resetOf(t *testing.T, s *Service, d *drawer, mine, back *stick) (stages []ResetStage, err error) {
	t.Helper()
	back.touch <- struct{}{}
	err = s.Reset(t.Context(), "0:a", func(r ResetStage) {
		stages = append(stages, r)
		switch r {
		case ResetUnplug:
			d.pull(mine)
		case ResetInsert:
			d.put(back)
		}
	})
	return stages, err
}

func TestHowAKeyIsTouchedForItsReset(t *testing.T) {
	for name, row := range map[string]struct {
		long *bool
		want ResetStage
	}{
		"it does not say": {nil, ResetTouch},
		"a short touch":   {new(bool), ResetTouch},
		"a long one":      {func() *bool { b := true; return &b }(), ResetHold},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				key := saying(func(i *ctap2.Info) { i.LongTouchForReset = row.long })
				s, d := serviceOver(t, key)
				stages, err := resetOf(t, s, d, key, key)
				if err != nil || len(stages) != 3 || stages[2] != row.want {
					t.Errorf("%v %v", stages, err)
				}
			})
		})
	}
}

// A key that takes its reset another way only is not taken out for nothing.
func TestTheWayAKeyIsResetBy(t *testing.T) {
	for name, row := range map[string]struct {
		ways []string
		way  string
		code mfa.Code
	}{
		"it does not say":       {nil, transport.WayUSB, ""},
		"by this one":           {[]string{"nfc", "usb"}, transport.WayUSB, ""},
		"on a reader only":      {[]string{"nfc"}, transport.WayUSB, mfa.CodeKeyCannot},
		"plugged in only":       {[]string{"usb"}, transport.WayNFC, mfa.CodeKeyCannot},
		"on a reader, as it is": {[]string{"nfc"}, transport.WayNFC, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				key := saying(func(i *ctap2.Info) { i.TransportsForReset = row.ways })
				s, d := serviceOver(t, key)
				d.way = row.way
				stages, err := resetOf(t, s, d, key, key)
				if row.code == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				wantCode(t, err, row.code)
				if f := mfa.AsFailure(err); f.Params["what"] != "reset-way" || len(stages) > 0 {
					t.Errorf("%v, after %v", f.Params, stages)
				}
			})
		})
	}
}

// The key that is put back is another one of the same maker and model number.
func TestAKeyThatSaysOtherThingsIsNotReset(t *testing.T) {
	firmware := func(n uint64) func(*ctap2.Info) { return func(i *ctap2.Info) { i.FirmwareVersion = &n } }
	for name, row := range map[string]struct {
		change func(*ctap2.Info)
		serial string
		code   mfa.Code
	}{
		"it says the same":  {firmware(5), "1", ""},
		"another AAGUID":    {func(i *ctap2.Info) { firmware(5)(i); i.AAGUID[0]++ }, "1", mfa.CodeKeyLost},
		"another firmware":  {firmware(6), "1", mfa.CodeKeyLost},
		"firmware not said": {nil, "1", mfa.CodeKeyLost},
		"another serial":    {firmware(5), "2", mfa.CodeKeyLost},
		"no serial":         {firmware(5), "", mfa.CodeKeyLost},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mine, other := saying(firmware(5)), withPIN(t, saying(row.change), "2580")
				mine.serial, other.serial = "1", row.serial
				s, d := serviceOver(t, mine)
				_, err := resetOf(t, s, d, mine, other)
				if row.code == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				wantCode(t, err, row.code)
				if k := only(t, s); k.PIN != PINSet {
					t.Errorf("it was wiped: %+v", k)
				}
			})
		})
	}
}
