package ctap2

import "github.com/keyferry/keyferry/backend/mfa"

func readInfo(f fields) Info {
	f.need(1, 3)
	i := Info{
		Versions:                         list[string](f, 1),
		Extensions:                       list[string](f, 2),
		Options:                          readOptions(f),
		MaxMsgSize:                       optional[uint64](f, 5),
		PinUvAuthProtocols:               list[uint64](f, 6),
		MaxCredentialCountInList:         optional[uint64](f, 7),
		MaxCredentialIDLength:            optional[uint64](f, 8),
		Transports:                       list[string](f, 9),
		Algorithms:                       each(f, 10, readParameters),
		MaxSerializedLargeBlobArray:      optional[uint64](f, 11),
		ForcePINChange:                   optional[bool](f, 12),
		MinPINLength:                     optional[uint64](f, 13),
		FirmwareVersion:                  optional[uint64](f, 14),
		MaxCredBlobLength:                optional[uint64](f, 15),
		MaxRPIDsForSetMinPINLength:       optional[uint64](f, 16),
		PreferredPlatformUvAttempts:      optional[uint64](f, 17),
		UvModality:                       optional[uint64](f, 18),
		Certifications:                   readCertifications(f),
		RemainingDiscoverableCredentials: optional[uint64](f, 20),
		VendorPrototypeConfigCommands:    list[uint64](f, 21),
		AttestationFormats:               list[string](f, 22),
		UvCountSinceLastPinEntry:         optional[uint64](f, 23),
		LongTouchForReset:                optional[bool](f, 24),
		EncIdentifier:                    f.bytes(25, 0, maxText),
		TransportsForReset:               list[string](f, 26),
		PinComplexityPolicy:              optional[bool](f, 27),
		PinComplexityPolicyURL:           f.bytes(28, 0, maxText),
		MaxPINLength:                     optional[uint64](f, 29),
		EncCredStoreState:                f.bytes(30, 0, maxText),
		ConfigCommands:                   list[uint64](f, 31),
	}
	if a := f.bytes(3, len(i.AAGUID), len(i.AAGUID)); a != nil {
		i.AAGUID = mfa.AAGUID(a)
	}
	return i
}

// readOptions passes over what is not boolean: an odd option of tomorrow must
// not make a phone unusable.
func readOptions(f fields) map[string]bool {
	in, ok := f.inside(4)
	if !ok {
		return nil
	}
	out := make(map[string]bool, len(in.m))
	for k, v := range in.m {
		name, isText := k.(string)
		on, isBool := v.(bool)
		if isText && isBool {
			out[name] = on
		}
	}
	return out
}

func readCertifications(f fields) map[string]uint64 {
	in, ok := f.inside(19)
	if !ok {
		return nil
	}
	out := make(map[string]uint64, len(in.m))
	for k, v := range in.m {
		name, isText := k.(string)
		level, isNumber := v.(uint64)
		if isText && isNumber {
			out[name] = level
		}
	}
	return out
}

func (i Info) message() message {
	m := message{1: append([]string{}, i.Versions...), 3: i.AAGUID[:]}
	m.put(2, i.Extensions, i.Extensions != nil)
	m.put(4, i.Options, i.Options != nil)
	m.put(5, i.MaxMsgSize, i.MaxMsgSize != nil)
	m.put(6, i.PinUvAuthProtocols, i.PinUvAuthProtocols != nil)
	m.put(7, i.MaxCredentialCountInList, i.MaxCredentialCountInList != nil)
	m.put(8, i.MaxCredentialIDLength, i.MaxCredentialIDLength != nil)
	m.put(9, i.Transports, i.Transports != nil)
	m.put(10, messages(i.Algorithms), i.Algorithms != nil)
	m.put(11, i.MaxSerializedLargeBlobArray, i.MaxSerializedLargeBlobArray != nil)
	m.put(12, i.ForcePINChange, i.ForcePINChange != nil)
	m.put(13, i.MinPINLength, i.MinPINLength != nil)
	m.put(14, i.FirmwareVersion, i.FirmwareVersion != nil)
	m.put(15, i.MaxCredBlobLength, i.MaxCredBlobLength != nil)
	m.put(16, i.MaxRPIDsForSetMinPINLength, i.MaxRPIDsForSetMinPINLength != nil)
	m.put(17, i.PreferredPlatformUvAttempts, i.PreferredPlatformUvAttempts != nil)
	m.put(18, i.UvModality, i.UvModality != nil)
	m.put(19, i.Certifications, i.Certifications != nil)
	m.put(20, i.RemainingDiscoverableCredentials, i.RemainingDiscoverableCredentials != nil)
	m.put(21, i.VendorPrototypeConfigCommands, i.VendorPrototypeConfigCommands != nil)
	m.put(22, i.AttestationFormats, i.AttestationFormats != nil)
	m.put(23, i.UvCountSinceLastPinEntry, i.UvCountSinceLastPinEntry != nil)
	m.put(24, i.LongTouchForReset, i.LongTouchForReset != nil)
	m.put(25, i.EncIdentifier, i.EncIdentifier != nil)
	m.put(26, i.TransportsForReset, i.TransportsForReset != nil)
	m.put(27, i.PinComplexityPolicy, i.PinComplexityPolicy != nil)
	m.put(28, i.PinComplexityPolicyURL, i.PinComplexityPolicyURL != nil)
	m.put(29, i.MaxPINLength, i.MaxPINLength != nil)
	m.put(30, i.EncCredStoreState, i.EncCredStoreState != nil)
	m.put(31, i.ConfigCommands, i.ConfigCommands != nil)
	return m
}
