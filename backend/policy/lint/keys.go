package lint

import (
	"strings"
	"sync"
)

// valueType is what a key's values are.
type valueType string

const (
	textKey    valueType = "text"
	boolKey    valueType = "bool"
	numberKey  valueType = "number"
	dateKey    valueType = "date"
	addressKey valueType = "address"
	arnKey     valueType = "arn"
)

// key is a condition key that exists.
type key struct {
	name   string // one that ends in "/" takes the name of a tag
	of     valueType
	many   bool     // it can have several values
	filled bool     // requests of this product can have it
	values []string // all it can have; nil: any
}

// The keys of a FIDO registration (AWS IAM User Guide, "Supported configurations for
// using passkeys and security keys"; the levels are those of FIDO metadata and of
// FIPS 140).
const (
	keyStep     = "iam:RegisterSecurityKey"
	keyFIDO     = "iam:FIDO-certification"
	keyFIPS1402 = "iam:FIDO-FIPS-140-2-certification"
	keyFIPS1403 = "iam:FIDO-FIPS-140-3-certification"
	keyMFA      = "aws:MultiFactorAuthPresent"
)

var (
	fidoLevels = []string{"L1", "L1plus", "L2", "L2plus", "L3", "L3plus"}
	fipsLevels = []string{"L1", "L2", "L3", "L4"}
	steps      = []string{"Create", "Activate"}
)

var filledKeys = []key{
	{name: keyStep, of: textKey, values: steps},
	{name: keyFIDO, of: textKey, values: fidoLevels},
	{name: keyFIPS1402, of: textKey, values: fipsLevels},
	{name: keyFIPS1403, of: textKey, values: fipsLevels},
	{name: keyMFA, of: boolKey, values: []string{"true", "false"}},
	{name: "aws:MultiFactorAuthAge", of: numberKey},
	{name: "aws:username", of: textKey},
	{name: "aws:userid", of: textKey},
	{name: "aws:PrincipalArn", of: arnKey},
	{name: "aws:PrincipalAccount", of: textKey},
	{name: "aws:PrincipalType", of: textKey},
	{name: "aws:CurrentTime", of: dateKey},
	{name: "aws:EpochTime", of: dateKey},
}

// Keys that exist in AWS and that no request here has: they are absent.
var absentKeys = map[valueType]string{
	textKey: `iam:AWSServiceName iam:OrganizationsPolicyId iam:PassedToService iam:NotificationChannel
		iam:ResourceTag/ iam:ServiceSpecificCredentialServiceName
		aws:CalledViaFirst aws:CalledViaLast aws:FederatedProvider aws:PrincipalOrgID aws:PrincipalServiceName
		aws:PrincipalTag/ aws:referer aws:RequestedRegion aws:RequestTag/ aws:ResourceAccount aws:ResourceOrgID
		aws:ResourceTag/ aws:SourceAccount aws:SourceIdentity aws:SourceOrgID aws:SourceVpc aws:SourceVpce
		aws:UserAgent aws:Ec2InstanceSourceVpc aws:VpceAccount aws:VpceOrgID`,
	arnKey: `iam:AssociatedResourceArn iam:PermissionsBoundary iam:PolicyARN iam:DelegationRequestOwner iam:TemplateArn
		aws:SourceArn aws:ChatbotSourceArn aws:SourceVpcArn aws:SignInSessionArn`,
	boolKey:    `aws:PrincipalIsAWSService aws:SecureTransport aws:ViaAWSService aws:AssumedRoot`,
	numberKey:  `iam:ServiceSpecificCredentialAgeDays iam:DelegationDuration`,
	dateKey:    `aws:TokenIssueTime`,
	addressKey: `aws:SourceIp aws:VpcSourceIp aws:Ec2InstanceSourcePrivateIPv4`,
}

const absentLists = `aws:CalledVia aws:PrincipalOrgPaths aws:PrincipalServiceNamesList aws:ResourceOrgPaths
	aws:SourceOrgPaths aws:TagKeys aws:VpceOrgPaths`

// keys are all that exist, by name without case.
var keys = sync.OnceValue(func() map[string]key {
	out := map[string]key{}
	for _, k := range filledKeys {
		k.filled = true
		out[strings.ToLower(k.name)] = k
	}
	for of, names := range absentKeys {
		for _, n := range strings.Fields(names) {
			out[strings.ToLower(n)] = key{name: n, of: of}
		}
	}
	for _, n := range strings.Fields(absentLists) {
		out[strings.ToLower(n)] = key{name: n, of: textKey, many: true}
	}
	return out
})

var keyNames = sync.OnceValue(func() []string { return names(keys(), func(k key) string { return k.name }) })

// keyNamed finds a key without case; tags by what stands before their name.
func keyNamed(name string) (key, bool) {
	folded := strings.ToLower(name)
	if before, tag, found := strings.Cut(folded, "/"); found && tag != "" {
		folded = before + "/"
	}
	k, known := keys()[folded]
	return k, known
}

// certified are the keys that only a verified authenticator brings.
func isCertification(name string) bool {
	switch k, _ := keyNamed(name); k.name {
	case keyFIDO, keyFIPS1402, keyFIPS1403:
		return true
	}
	return false
}
