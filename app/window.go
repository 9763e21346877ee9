package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/windows"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/keyferry/keyferry/app/bind"
)

// title is the product's name; it is the same in every language.
const title = "Keyferry"

// options is what Wails is told.
func (s *shell) options() *options.App {
	state := options.Normal
	if s.place.Maximised {
		state = options.Maximised
	}
	back := background(s.place.Dark)
	return &options.App{
		Title:            title,
		Width:            s.place.Width,
		Height:           s.place.Height,
		MinWidth:         minWidth,
		MinHeight:        minHeight,
		WindowStartState: state,
		BackgroundColour: &back,
		AssetServer:      &assetserver.Options{Assets: page(), Middleware: withPolicy},
		// No Menu: on macOS Wails then gives the app, edit and window menus, which copy,
		// paste and quit need there; elsewhere this window has no menu bar.
		Bind:           []any{s.api},
		ErrorFormatter: bind.Format,
		OnStartup:      s.startup,
		OnDomReady:     s.ready,
		OnBeforeClose:  s.beforeClose,
		OnShutdown:     s.shutdown,
		SingleInstanceLock: &options.SingleInstanceLock{
			UniqueId:               instanceID(s.home),
			OnSecondInstanceLaunch: s.second,
		},
		// Go gets the paths of dropped files. That none replaces the page is for catchDrops.
		DragAndDrop: &options.DragAndDrop{EnableFileDrop: true},
		Linux:       &linux.Options{ProgramName: "keyferry", Icon: icon, WebviewGpuPolicy: linux.WebviewGpuPolicyNever},
		Windows:     &windows.Options{Theme: windows.SystemDefault, WebviewUserDataPath: browserData(s.home)},
	}
}

// instanceID tells data folders apart: two of them may be open at a time, one
// of them may not be open twice. D-Bus names allow letters and digits.
func instanceID(home string) string {
	sum := sha256.Sum256([]byte(home))
	return "keyferry" + hex.EncodeToString(sum[:8])
}

// background is the page's colour in styles/tokens.css, shown until it paints.
func background(dark bool) options.RGBA {
	if dark {
		return options.RGBA{R: 0x0d, G: 0x13, B: 0x1c, A: 255}
	}
	return options.RGBA{R: 0xf5, G: 0xf7, B: 0xfa, A: 255}
}

// themeEvent carries one bool, dark or not, from askTheme to the shell.
const themeEvent = "shell:dark"

// askTheme runs in the page's world, not as a script of the page, so it needs
// nothing of the page and the policy does not concern it.
const askTheme = `(() => {
	const dark = matchMedia("(prefers-color-scheme: dark)");
	const tell = () => window.runtime.EventsEmit("` + themeEvent + `", dark.matches);
	dark.addEventListener("change", tell);
	tell();
})()`

func screensOf(ctx context.Context) []screen {
	all, err := runtime.ScreenGetAll(ctx)
	if err != nil {
		return nil
	}
	screens := make([]screen, 0, len(all))
	for _, s := range all {
		screens = append(screens, screen{s.Size.Width, s.Size.Height})
	}
	return screens
}
