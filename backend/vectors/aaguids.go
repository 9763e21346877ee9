package vectors

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

var errAAGUID = errors.New("vectors: not an AAGUID")

// parseAAGUID takes an identifier and the name that people know it by.
func parseAAGUID(raw json.RawMessage) (item, error) {
	var v struct{ AAGUID, Name, Expect string }
	if err := json.Unmarshal(raw, &v); err != nil {
		return item{}, err
	}
	return item{id: v.AAGUID, kind: "aaguid", expect: v.Expect, run: func([]byte) verdict {
		var id mfa.AAGUID
		b, err := hex.DecodeString(strings.ReplaceAll(v.AAGUID, "-", ""))
		if err != nil || len(b) != len(id) {
			return refused(mfa.Fail(mfa.CodeInvalidInput, "field", "aaguid").Because(errAAGUID))
		}
		copy(id[:], b)
		if name := rp.ProviderName(id); name != v.Name {
			return verdict{wrong: fmt.Sprintf("name is %q, expected %q", name, v.Name)}
		}
		return accepted()
	}}, nil
}
