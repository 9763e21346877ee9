package policy

import (
	"fmt"
	"strconv"
	"strings"
)

// The rules, written once for each engine: n of four kinds, what an organisation says
// about devices for its departments. Each engine has its own natural form: where IAM
// replaces ${aws:username}, Cedar compares two entities and Rego two fields.

func iamRules(n int) string {
	var out []string
	for i := range n {
		var s string
		switch i % 4 {
		case 0:
			s = `"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"arn:aws:iam::*:user/DEPT/${aws:username}","Condition":{
				"StringEquals":{"iam:RegisterSecurityKey":"Activate","iam:FIDO-FIPS-140-3-certification":["L2","L3"]},
				"StringLike":{"iam:FIDO-certification":"L2*"}}`
		case 1:
			s = `"Effect":"Deny","Action":"iam:DeactivateMFADevice","Resource":"arn:aws:iam::*:user/DEPT/*","Condition":{
				"Bool":{"aws:MultiFactorAuthPresent":"false"}}`
		case 2:
			s = `"Effect":"Allow","Action":["iam:ListMFADevices","iam:ResyncMFADevice"],"Resource":"arn:aws:iam::*:user/DEPT/*"`
		case 3:
			s = `"Effect":"Deny","NotAction":["iam:ListMFADevices","iam:ResyncMFADevice"],"Resource":"*","Condition":{
				"NumericGreaterThan":{"aws:MultiFactorAuthAge":AGE}}`
		}
		out = append(out, fmt.Sprintf(`{"Sid":"S%d",`, i)+filled(s, i)+`}`)
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(out, ",\n") + `]}`
}

func cedarRules(n int) string {
	var out []string
	for i := range n {
		var s string
		switch i % 4 {
		case 0:
			s = `permit(principal, action == Action::"iam:EnableMFADevice", resource) when {
				resource.arn like "arn:aws:iam::*:user/DEPT/*" && resource == principal &&
				context has step && context.step == "Activate" &&
				context has fips3 && ["L2", "L3"].contains(context.fips3) &&
				context has fido && context.fido like "L2*" };`
		case 1:
			s = `forbid(principal, action == Action::"iam:DeactivateMFADevice", resource) when {
				resource.arn like "arn:aws:iam::*:user/DEPT/*" && context has mfa && !context.mfa };`
		case 2:
			s = `permit(principal, action in [Action::"iam:ListMFADevices", Action::"iam:ResyncMFADevice"], resource) when {
				resource.arn like "arn:aws:iam::*:user/DEPT/*" };`
		case 3:
			s = `forbid(principal, action, resource) when { context has age && context.age > AGE }
				unless { action in [Action::"iam:ListMFADevices", Action::"iam:ResyncMFADevice"] };`
		}
		out = append(out, filled(s, i))
	}
	return strings.Join(out, "\n")
}

func regoRules(n int) string {
	var out []string
	for i := range n {
		var s string
		switch i % 4 {
		case 0:
			s = `allows contains "SDEPT" if {
				input.action == "iam:EnableMFADevice"
				startswith(input.resource.path, "user/DEPT/")
				input.resource.name == input.principal
				input.context.step == "Activate"
				input.context.fips3 in {"L2", "L3"}
				startswith(input.context.fido, "L2")
			}`
		case 1:
			s = `denies contains "SDEPT" if {
				input.action == "iam:DeactivateMFADevice"
				startswith(input.resource.path, "user/DEPT/")
				input.context.mfa == false
			}`
		case 2:
			s = `allows contains "SDEPT" if {
				input.action in {"iam:ListMFADevices", "iam:ResyncMFADevice"}
				startswith(input.resource.path, "user/DEPT/")
			}`
		case 3:
			s = `denies contains "SDEPT" if {
				not input.action in {"iam:ListMFADevices", "iam:ResyncMFADevice"}
				input.context.age > AGE
			}`
		}
		out = append(out, filled(s, i))
	}
	return "package devices\n" + strings.Join(out, "\n") + `
default effect := "implicitDeny"
effect := "explicitDeny" if count(denies) > 0
effect := "allow" if { count(denies) == 0; count(allows) > 0 }
answer := {"effect": effect, "allows": allows, "denies": denies}
`
}

// filled puts a rule's department and its age of a session into it.
func filled(rule string, i int) string {
	return strings.NewReplacer("DEPT", strconv.Itoa(i), "AGE", strconv.Itoa(36_000+i)).Replace(rule)
}

// question is a request in words that all three are given.
type question struct {
	name, action, user, owner string
	department                int
	step, fips3, fido         string // empty: absent
	mfa                       bool
	age                       int
}

// questions have answers of all kinds; department d is there when d < n.
func questions(n int) []question {
	last := n - 4 + n%4 // the last rule of the first kind, for n divisible by four
	q := question{action: "iam:EnableMFADevice", user: "alice", owner: "alice", department: last, step: "Activate", fips3: "L3", fido: "L2plus", mfa: true, age: 600}
	with := func(name string, change func(*question)) question {
		c := q
		c.name = name
		change(&c)
		return c
	}
	return []question{
		with("admitted", func(*question) {}),
		with("level too low", func(q *question) { q.fips3 = "L1" }),
		with("no certificate", func(q *question) { q.fido = "" }),
		with("somebody else", func(q *question) { q.owner = "bob" }),
		with("session too old", func(q *question) { q.age = 100_000 }),
		with("without MFA", func(q *question) { q.action, q.mfa, q.department = "iam:DeactivateMFADevice", false, 1 }),
		with("list", func(q *question) { q.action, q.department, q.age = "iam:ListMFADevices", 2, 100_000 }),
		with("unknown action", func(q *question) { q.action = "iam:DeleteUser" }),
	}
}
