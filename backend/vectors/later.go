package vectors

import "encoding/json"

func parseWebAuthn(raw json.RawMessage) (item, error)  { return one(raw) }
func parseCTAP2(raw json.RawMessage) (item, error)     { return one(raw) }
func parseMalformed(raw json.RawMessage) (item, error) { return one(raw) }
func parseAAGUID(raw json.RawMessage) (item, error)    { return one(raw) }

func one(raw json.RawMessage) (item, error) {
	l, err := uncoveredList([]json.RawMessage{raw})
	if err != nil {
		return item{}, err
	}
	return l[0], nil
}
