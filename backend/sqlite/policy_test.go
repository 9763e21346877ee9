package sqlite

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The managed policy that makes an administrator has its document from the start.
func TestAdministratorAccess(t *testing.T) {
	s := reopen(t, databasePath(t))
	var path, document string
	if err := s.reads.QueryRow("SELECT path, document FROM policies WHERE name = ?", mfa.AdministratorAccess).Scan(&path, &document); err != nil || path != "/" {
		t.Fatal(path, err)
	}
	var got any
	if err := json.Unmarshal([]byte(document), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it says %v", got)
	}
}
