package app

import (
	"os"
	"path/filepath"

	"github.com/keyferry/keyferry/backend/home"
)

// browserData is where WebView2 keeps its cache, on Windows: left to itself it makes a folder
// of the program's name beside the person's roaming settings, which neither the uninstaller
// nor anybody else would look for. It holds nothing that is missed; build/windows/setup.nsi
// removes it. A data folder of somebody's choice has it inside, so that the two move together.
func browserData(folder string) string {
	if usual, err := home.DefaultDir(); err == nil && folder == usual {
		if cache, err := os.UserCacheDir(); err == nil {
			return filepath.Join(cache, "keyferry", "webview")
		}
	}
	return filepath.Join(folder, "webview")
}
