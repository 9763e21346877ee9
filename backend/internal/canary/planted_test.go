package canary

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

func userNamed(name string) account.NewUser {
	return account.NewUser{Name: name, Password: secret(password)}
}

// A secret that a careless program wrote down is found: in the WAL, in the database,
// in the daily copy, in the trail, in an export, in a failure, in a log, in an answer.
func TestAPlantedSecretIsFound(t *testing.T) {
	l := newLab(t)
	h := newHunt()
	h.plant("the seed", []byte("a seed that somebody wrote down"))
	h.code("314159")
	l.must(l.store.AddEvent(t.Context(), mfa.Event{At: l.clock.read(), Kind: mfa.EventResyncFailed, PrincipalID: l.who.PrincipalID,
		Detail: map[string]string{"why": "a seed that somebody wrote down", "code": "314159"}}))
	found := func(where, glob string) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(l.dir, glob))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: %v, %v", where, files, err)
		}
		alone := t.TempDir()
		copyFile(t, files[0], filepath.Join(alone, "file"))
		var heard ear
		h.searchFolder(&heard, alone, "")
		if heard.errors == 0 {
			t.Errorf("it is not found in %s", where)
		}
	}
	found("the WAL", "keyferry.db-wal")
	var out bytes.Buffer
	_, err := l.activity.Export(t.Context(), l.who, &out, mfa.EventFilter{})
	l.must(err)
	if len(h.found(out.Bytes())) == 0 || len(h.foundCode(out.Bytes())) != 1 {
		t.Error("it is not found in the export")
	}
	l.close()
	found("the database", "keyferry.db")
	l.open()
	l.close() // the daily copy is there when this returns
	found("the daily copy", "keyferry.db.daily.*")
	backup := filepath.Join(l.dir, "plain.backup") // what a backup would be if nobody sealed it
	copyFile(t, l.path, backup)
	found("a backup", "plain.backup")

	careless := mfa.Fail(mfa.CodeStorageFailed, "what", "a seed that somebody wrote down").Because(errors.New("code 314159"))
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "err", careless)
	if len(h.foundCode(log.Bytes())) != 1 {
		t.Error("a code is not found in a log")
	}
	if len(h.found([]byte(careless.Params["what"]))) == 0 {
		t.Error("it is not found in a failure")
	}
}
