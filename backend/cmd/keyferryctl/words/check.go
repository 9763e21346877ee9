package words

// Check says what a check of keyferryctl verify is about.
func Check(name string) string { return checks[name] }

var checks = map[string]string{
	"response":           "the response is the JSON of a credential",
	"client-data":        "the client data can be read",
	"credential":         "it is the credential that was asked for",
	"user-handle":        "it is this person's",
	"type":               "the client data are of this kind of ceremony",
	"challenge":          "it answers this challenge",
	"origin":             "it was made on this origin",
	"cross-origin":       "it was not made in another site's frame",
	"attestation-object": "the attestation object can be read",
	"authenticator-data": "the authenticator data can be read",
	"key":                "the public key can be used",
	"format":             "the attestation has a known format and its shape",
	"rp-id":              "it is for this relying party (rpIdHash)",
	"user-presence":      "somebody was there (flag UP)",
	"user-verification":  "user verification is as it was wanted (flag UV)",
	"backup":             "the backup flags do not contradict (BE, BS)",
	"credential-id":      "the parts belong together",
	"algorithm":          "its algorithm was offered",
	"signature":          "the signature and the certificates hold",
	"counter":            "the counter went up",
	"trust":              "the model is proven by FIDO metadata",
	"model":              "the model is not revoked, compromised or retired",
	"windows-hello":      "it is not in Windows Hello",
	"policy-create":      "the policy lets it begin (Create)",
	"policy-activate":    "the policy lets it in (Activate)",
}
