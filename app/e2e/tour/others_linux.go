package main

import (
	"context"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// others looks after the people of the account and their tokens.
func (v *visitor) others() []chapter {
	return []chapter{
		{"Look after people", []walk.Step{
			v.Open("users"), v.Shows("alice"), v.Looks("users"),
			v.Enter("users.s_search", "night"), v.Says("list.l_found", "n", "2", "all", v.Words.Say("users.s_so_many", "n", "13")), v.Looks("users-search"),
			v.Enter("users.s_search", "nobody like this"), v.Says("users.s_nobody"), v.Looks("users-nobody"), v.Push("users.s_everybody"),
			v.Row("alice"), v.Heading("alice"), v.Shows("alices-pixel"), v.Looks("user"),
			v.Push("device.l_more", "name", "alices-pixel"), v.Push("device.s_remove_menu"),
			v.Title("users.l_off_title", "device", "alices-pixel", "name", "alice"), v.Looks("user-deactivate"), v.Push("remove.s_keep"),
			v.Push("users.s_drop_admin"), v.Title("users.l_drop_title", "name", "alice"), v.Looks("user-rights"), v.Push("do.s_cancel"),
			v.Push("users.s_remove"), v.Title("remove.l_title", "name", "alice"), v.Looks("user-remove"), v.Push("users.s_keep", "name", "alice"),
			v.Push("users.s_all"), v.Row("ivan"), v.Heading("ivan"), v.Says("home.s_empty"), v.Looks("user-without-device"),
			v.Push("users.s_set_password"), v.Title("users.l_password_title", "name", "ivan"), v.Looks("user-password"), v.Push("do.s_cancel"),
			v.Push("users.s_rename"), v.Title("users.l_rename_title", "name", "ivan"), v.Looks("user-rename"), v.Push("do.s_cancel"),
			v.Push("home.s_add"), v.Title("add.l_title_for", "name", "ivan"), v.Enter("add.s_name", "ivans-pixel"), v.Says("add.l_free"), v.Looks("add-for-user"),
			v.Push("do.s_cancel"),
		}},
		{"Add people", []walk.Step{
			v.Open("users"), v.Push("users.s_add"), v.Title("users.s_add_title"), v.Enter("signin.s_name", "BOB"), v.Enter("create.s_password", userPassword),
			v.Says("users.l_name_taken", "name", "BOB"), v.Looks("add-user-refused"), v.Enter("signin.s_name", "peggy"), v.Looks("add-user"), v.Push("do.s_cancel"),
			v.Push("users.s_import"), v.Title("users.s_import_title"), v.Looks("import-users"), v.Push("file.s_choose"), v.Choose(v.h.file("more-people.csv")),
			v.Heading("more-people.csv"), v.Looks("import-users-preview"), v.Push("do.s_cancel"),
			v.Push("users.s_report"), v.Title("users.s_report"), v.Shows("alice"), v.Looks("report"), v.Push("users.s_all"),
		}},
		{"Look after tokens", []walk.Step{
			v.Open("tokens"), v.Shows(v.h.tokens[3].serial), v.Looks("tokens"),
			v.Row(v.h.tokens[3].serial), v.Says("tokens.s_imported"), v.Looks("token"), v.Push("do.s_close"),
			v.Push("device.l_more", "name", v.h.tokens[4].serial), v.Push("tokens.s_delete_menu"),
			v.Title("tokens.l_delete_title", "serial", v.h.tokens[4].serial), v.Looks("token-delete"), v.Push("remove.s_keep"),
			v.Push("tokens.s_assign"), v.Title("tokens.s_assign_title"), v.Enter("tokens.s_serial", v.h.tokens[3].serial), v.Enter("tokens.s_whom", "erin"),
			v.gap(v.h.tokens[3].Authenticator), v.Push("tokens.s_assign_now"), v.Says("failure.codes-gap.s_title"), v.Looks("token-assign"), v.Push("do.s_cancel"),
		}},
		{"Import a seed file", []walk.Step{
			v.Push("tokens.s_import"), v.Title("tokens.s_import_title"), v.Looks("import-tokens"), v.Push("file.s_choose"), v.Choose(v.h.file("more-tokens.csv")),
			v.Heading("more-tokens.csv"), v.Looks("import-tokens-preview"), v.Push("tokens.l_import_others", "n", "4"),
			v.Title("tokens.l_imported", "n", "4"), v.Looks("import-tokens-done"), v.Push("tokens.s_to_stock"),
		}},
	}
}

// typed chooses by its first letters in the list that has the focus.
func (v *visitor) typed(text string) walk.Step {
	return func(context.Context) error { return v.Desktop.Type(text) }
}

// gap types two codes of a token with one missing in between.
func (v *visitor) gap(a walk.Authenticator) walk.Step { return v.pair(a, -1, 1) }

// account looks at the rules of the account, its history and its backups.
func (v *visitor) account() []chapter {
	backup := v.h.file("harbour-lab.backup")
	return []chapter{
		{"Ask everybody for a device", []walk.Step{
			v.Open("enforcement"), v.Says("enforce.l_rehearsal"), v.Looks("enforcement"),
			v.Push("enforce.l_require"), v.Enter("enforce.s_user_days", "14"), v.Push("do.s_save"), v.Says("settings.l_saved"), v.Looks("enforcement-saved"),
			v.Push("enforce.s_in_days", "n", "35"), v.Shows("niaj"), v.Row("olivia"), v.Looks("rehearsal"),
			v.Enter("enforce.s_user_days", "0"), v.Push("do.s_save"), v.Says("settings.l_saved"),
		}},
		{"Read what happened", []walk.Step{
			v.Open("activity"), v.Says("activity.s_export"), v.Shows("judy-token"), v.Open("security"), v.Open("activity"), v.Looks("activity"),
			v.Enter("activity.s_who", "ivan"), v.Key("Return"), v.Button("activity.s_clear"), v.Looks("activity-of-one"),
			v.Key("Tab"), v.typed("All about signing in"), v.Says("activity.s_empty"), v.Key("Return"), v.Looks("activity-empty"),
		}},
		{"Change the settings", []walk.Step{
			v.Open("settings"), v.Says("settings.s_id"), v.Looks("settings"), v.Push("settings.l_passwordless"), v.Push("do.s_save"), v.Says("settings.l_saved"),
			v.Push("settings.s_set_passphrase"), v.Title("settings.s_set_title"), v.Looks("passphrase"), v.Push("do.s_cancel"),
		}},
		{"Make a backup and try it", []walk.Step{
			v.Push("backup.s_make"), v.Title("backup.s_make_title"), v.Enter("vault.s_passphrase", phrase), v.Enter("settings.s_again", phrase),
			v.Looks("backup-make"), v.Push("backup.s_save_as"), v.Choose(backup), v.Says("backup.l_made", "name", "harbour-lab.backup"), v.Looks("backup-made"),
			v.Push("backup.s_rehearse"), v.Push("file.s_choose"), v.Choose(backup), v.Enter("backup.s_passphrase", "not that one, no"),
			v.Push("backup.s_look"), v.Says("failure.backup-passphrase-wrong.l_what"), v.Looks("backup-refused"),
			v.Enter("backup.s_passphrase", phrase), v.Push("backup.s_look"), v.Says("backup.l_untouched"), v.Looks("backup-tried"), v.Push("do.s_close"),
			v.Push("backup.s_restore"), v.Push("file.s_choose"), v.Choose(backup), v.Enter("backup.s_passphrase", phrase), v.Push("backup.s_look"),
			v.Button("backup.s_restore_now"), v.Looks("backup-restore"), v.Push("do.s_cancel"),
		}},
		{"Sign in without a name", []walk.Step{
			v.Open("keys"), v.Plug(true), v.OpenKey(keyName), v.Push("pin.s_set"), v.Enter("pin.s_new", keyPIN), v.Enter("pin.s_again", keyPIN),
			v.Push("do.s_save"), v.Button("pin.s_change"), v.Open("security"), v.addKey("shared-key"),
			v.SignOut, v.Says("signin.s_or"), v.Looks("sign-in-passwordless"),
			v.UserPassword("frank", userPassword), v.Title("setup.s_title"), v.Looks("set-up"), v.addKey("franks-key"),
			v.SignOut, v.Push("second.s_key"), v.GivePIN(keyPIN), v.Touch("sign-in-key-touch"),
			v.Title("account.s_title"), v.Looks("choose-account"), v.named("frank"), v.Push("do.s_continue"), v.IsHome,
			v.Open("keys"), v.Plug(false),
		}},
		{"Be kept out, or be asked for a device", []walk.Step{
			v.SignOut, v.UserPassword("niaj", userPassword), v.Title("failure.devices-suspect.s_title"), v.Looks("blocked"), v.Push("do.s_to_sign_in"),
			v.UserPassword("erin", userPassword), v.Title("setup.s_title"),
		}},
	}
}

// addKey adds the simulated key, which is plugged in and has its PIN.
func (v *visitor) addKey(name string) walk.Step {
	return walk.All(v.NameDevice(name), v.Push("add.s_key"), v.Push("do.s_continue"), v.GivePIN(keyPIN), v.Touch("key-touch"), v.AcceptKey(name))
}

// named presses what is called so, as somebody's account is.
func (v *visitor) named(name string) walk.Step {
	return func(ctx context.Context) error { return v.Press(ctx, name) }
}
