package main

import (
	"github.com/keyferry/keyferry/app/e2e/walk"
)

// chapter is a part of the walk through every screen.
type chapter struct {
	says  string
	steps []walk.Step
}

// first is somebody who opens Keyferry for the first time, not in the sandbox.
func first(p walk.Person) []chapter {
	const phrase = "four dull grey seals"
	return []chapter{
		{"Open it for the first time", []walk.Step{
			p.Title("welcome.s_title"), p.Looks("welcome"),
			p.Push("backup.s_have"), p.Title("backup.s_restore_title"), p.Looks("restore-first"), p.Push("do.s_cancel"),
			p.Push("welcome.s_create"), p.Title("create.s_title"), p.Enter("create.s_alias", "harbour"), p.Enter("create.s_email", "ruth@harbour.example"),
			p.Enter("create.s_password", "short"), p.Push("create.s_submit"), p.Says("failure.password-too-short.l_what", "min", "8"), p.Looks("create-refused"),
			p.Enter("create.s_password", walk.Password), p.Looks("create-account"), p.Push("create.s_submit"),
			p.IsHome, p.Says("home.s_empty"), p.Looks("home-empty"),
		}},
		{"See what is empty", []walk.Step{
			p.Open("users"), p.Says("users.l_only_root"), p.Looks("users-empty"),
			p.Open("tokens"), p.Says("tokens.s_empty"), p.Looks("tokens-empty"), p.Open("security"),
		}},
		{"Add a phone where there is no Bluetooth", []walk.Step{
			p.NameDevice("ruths-pixel"), p.Push("do.s_continue"),
			p.SaysOne("failure.bluetooth-missing.s_title", "failure.bluetooth-service-missing.s_title", "failure.bluetooth-failed.s_title", "failure.bluetooth-off.s_title"),
			p.Looks("no-bluetooth"), p.Push("do.s_to_devices"), p.IsHome,
		}},
		{"Say where secrets are kept", []walk.Step{
			p.NameDevice("ruths-aegis"), p.Push("device.s_app"), p.Push("do.s_continue"), p.Title("vault.s_set_title"), p.Looks("vault-set"),
			p.Enter("vault.s_passphrase", phrase), p.Push("do.s_continue"), p.Title("totp.s_title"), p.Push("do.s_cancel"),
			p.Open("settings"), p.Scroll("backup.s_make"), p.Looks("settings-secrets"),
		}},
	}
}

// damaged is what one sees whose database was damaged.
func damaged(p walk.Person) []chapter {
	return []chapter{{"Open a damaged database", []walk.Step{p.Title("failure.database-damaged.s_title"), p.Looks("damaged")}}}
}
