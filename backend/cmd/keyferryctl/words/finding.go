package words

// Finding gives the words for something about a policy, with its params filled in; ""
// for a code that has none.
func Finding(code string, params map[string]string) string {
	text := findings[code]
	switch {
	case code == "malformed":
		text = malformed[params["what"]]
		if named := wanted[params["wanted"]]; params["what"] == "type" && named != "" {
			params = map[string]string{"wanted": named}
		}
	case code == "deny-hits-others" && params["totp"] == "no":
		text = "A negated operator also holds where {key} is absent: this Deny hits the step Create of every security key, too."
	case code == "deny-hits-others" && params["create"] == "no":
		text = "A negated operator also holds where {key} is absent: this Deny hits authenticator apps and tokens, too."
	}
	if text != "" && params["nearest"] != "" {
		text += " Is {nearest} meant?"
	}
	if params["what"] == "unknown-element" || params["what"] == "unknown-operator" {
		if params["wanted"] != "" {
			text += " Is {wanted} meant?"
		}
	}
	return fill(text, params)
}

// malformed are by the param what of policy-malformed. Where the place is not told
// otherwise, line and column are added.
var malformed = map[string]string{
	"syntax":           "This cannot stand here: it is no JSON.",
	"end":              "The policy ends too early: a brace, bracket or quotation mark is open.",
	"trailing":         "Something follows the end of the policy.",
	"utf8":             "This is not UTF-8.",
	"character":        "This character is not allowed: IAM takes tab, line ends and U+0020 to U+00FF.",
	"escape":           "JSON does not know this escape.",
	"depth":            "This is nested too deeply.",
	"count":            "There are too many statements or values.",
	"length":           "This text is too long.",
	"duplicate":        "This name stands twice; first in line {wanted}.",
	"type":             "Here must stand {wanted}.",
	"unknown-element":  "A policy has no such element.",
	"missing-element":  "{wanted} is missing.",
	"both-elements":    "This and {wanted} exclude each other.",
	"not-in-identity":  "This belongs to policies of resources, and not to those of users and groups.",
	"version":          "The Version is 2012-10-17 or 2008-10-17.",
	"effect":           "The Effect is Allow or Deny, in exactly this spelling.",
	"sid-duplicate":    "This Sid stands twice; first in line {wanted}.",
	"empty":            "This must not be empty.",
	"unknown-operator": "There is no such operator.",
}

// wanted are values of the param wanted that are no names.
var wanted = map[string]string{
	"object": "an object", "list": "a list", "text": "a text", "text-or-list": "a text or a list of texts", "value": "a text, a number or a truth value",
}

var findings = map[string]string{
	"malformed":          "This cannot be read.",
	"too-large":          "The policy is longer than {limit} bytes, and was not read.",
	"long":               "The policy has {size} characters without white space; a managed one may have {limit}.",
	"version-missing":    "There is no Version, so the language of 2008 holds, which has no variables: {dead} of them are plain text. Add \"Version\": \"2012-10-17\".",
	"dead-variable":      "{variable} is plain text: Version {version} has no variables.",
	"variable-place":     "{variable} is plain text in this place.",
	"variable-form":      "{variable} is no variable: it has no end, or its default is not written as ${key, 'default'}.",
	"unknown-variable":   "No request has {variable}, so it never has a value.",
	"empty":              "The list of {element} is empty: the statement matches nothing.",
	"sid-characters":     "IAM takes letters and digits in a Sid only: {sid}",
	"action-form":        "{action} is not service:Name and matches nothing.",
	"action-characters":  "{action} holds a comma or a blank and matches nothing.",
	"unknown-action":     "There is no action {action}.",
	"resource-form":      "{resource} is neither \"*\" nor an ARN and matches nothing.",
	"wrong-resource":     "{action} acts on {on}, and no resource of this statement is of that kind.",
	"unknown-key":        "There is no key {key}: it is always absent.",
	"absent-key":         "AWS has the key {key}; requests here never do.",
	"unknown-value":      "{key} never has the value {value}.",
	"operator-type":      "{operator} cannot compare {key}, whose type is {type}.",
	"value-form":         "{operator} cannot read {value}: it matches nothing.",
	"wildcard-literal":   "Under {operator} the wildcards in {value} are plain text.",
	"not-a-minimum":      "Levels are labels: {key} {level} does not let higher ones in. If it is meant as the least, list {missing} too.",
	"if-exists-on-allow": "{operator} lets in requests without {key}, too. On Allow that is rarely meant.",
	"for-all-on-allow":   "{operator} lets in requests without {key}, too. Add Null false for it.",
	"bool-misses-absent": "This Deny does not stop requests without {key}, those of access keys for instance. BoolIfExists does.",
	"deny-hits-others": "A negated operator also holds where {key} is absent: this Deny hits the step Create of every security key, and apps and tokens. " +
		"Add StringEquals iam:RegisterSecurityKey Activate.",
	"never-matches":      "No registration has these keys together: the statement never matches.",
	"no-create-step":     "Activate is allowed and Create is not: no security key can begin.",
	"no-activate-step":   "Create is allowed and Activate is not: security keys begin, and fail after the touch.",
	"totp-shut-out":      "Security keys are let in, authenticator apps and tokens are not. If they should be, allow Null iam:RegisterSecurityKey true.",
	"shuts-everyone-out": "This denies everything that can be done here to everybody who has it.",
}
