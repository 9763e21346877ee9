package mds

// Read reads a payload as Open does once the signature holds.
func Read(payload []byte) (*Metadata, error) {
	r, err := read(payload)
	if err != nil {
		return nil, err
	}
	return r.meta, nil
}
