package main

import (
	"path/filepath"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// chapter is a part of the walk through every screen.
type chapter struct {
	says  string
	steps []walk.Step
}

// phrase opens the secrets and the backups of the pictures.
const phrase = "four dull grey seals"

// owner is root of the new account.
const owner = "ruth@harbour.example"

// first is somebody who opens Keyferry for the first time, not in the sandbox.
func first(p walk.Person, recoveryFile string) []chapter {
	return []chapter{
		{"Open it for the first time", []walk.Step{
			p.Title("welcome.s_title"), p.Looks("welcome"),
			p.Push("backup.s_have"), p.Title("backup.s_restore_title"), p.Looks("restore-first"), p.Push("do.s_cancel"),
			p.Push("welcome.s_create"), p.Title("create.s_title"), p.Enter("create.s_alias", "harbour"), p.Enter("create.s_email", owner),
			p.Enter("create.s_password", "short"), p.Push("create.s_submit"), p.Says("failure.password-too-short.l_what", "min", "8"), p.Looks("create-refused"),
			p.Enter("create.s_password", walk.Password), p.Looks("create-account"), p.Push("create.s_submit"),
			p.IsHome, p.Says("home.s_empty"), p.Looks("home-empty"),
		}},
		{"See what is empty", []walk.Step{
			p.Open("users"), p.Says("users.l_only_root"), p.Looks("users-empty"),
			p.Open("tokens"), p.Says("tokens.s_empty"), p.Looks("tokens-empty"), p.Open("security"),
		}},
		{"See what does not work where there is no Bluetooth", []walk.Step{
			p.NameDevice("ruths-pixel"), p.Says("add.s_not_here"), p.Scroll("add.s_fix"), p.Looks("no-bluetooth"),
			p.Push("add.s_fix"), p.Title("ready.s_title"), p.Looks("readiness-here"), p.Open("security"), p.IsHome,
		}},
		{"Say where secrets are kept", []walk.Step{
			p.NameDevice("ruths-aegis"), p.Push("device.s_app"), p.Push("do.s_continue"), p.Title("vault.s_set_title"), p.Looks("vault-set"),
			p.Enter("vault.s_passphrase", phrase), p.Push("do.s_continue"), p.Title("totp.s_title"), p.Push("do.s_cancel"),
			p.Open("settings"), p.Scroll("backup.s_make"), p.Looks("settings-secrets"),
			p.Push("settings.s_save_recovery"), p.Choose(recoveryFile), p.Says("settings.l_recovery_saved", "name", filepath.Base(recoveryFile)),
		}},
	}
}

// locked is the same person the next day.
func locked(p walk.Person) []chapter {
	return []chapter{{"Open the secrets again", []walk.Step{
		p.SignInScreen, p.Enter("signin.s_email", owner), p.Enter("create.s_password", walk.Password), p.Push("signin.s_title"), p.IsHome,
		p.Open("settings"), p.Scroll("backup.s_make"), p.Looks("settings-locked"), p.Push("settings.s_unlock"), p.Title("vault.s_unlock_title"),
		p.Enter("vault.s_passphrase", "not that one, no"), p.Push("vault.s_unlock"), p.Says("failure.vault-passphrase-wrong.l_what"), p.Looks("vault-locked"),
		p.Enter("vault.s_passphrase", phrase), p.Push("vault.s_unlock"), p.Button("settings.s_save_recovery"),
	}}}
}

// damaged is what one sees whose database was damaged.
func damaged(p walk.Person) []chapter {
	return []chapter{{"Open a damaged database", []walk.Step{p.Title("failure.database-damaged.s_title"), p.Looks("damaged")}}}
}
