package app

import "github.com/wailsapp/wails/v2/pkg/runtime"

// dialogs are the system's own, over this window. They answer once the person has.
type dialogs struct{ *shell }

func (d dialogs) OpenFile(title string) (string, error) {
	<-d.shown
	return runtime.OpenFileDialog(d.window, runtime.OpenDialogOptions{Title: title})
}

func (d dialogs) SaveFile(title, name string) (string, error) {
	<-d.shown
	return runtime.SaveFileDialog(d.window, runtime.SaveDialogOptions{Title: title, DefaultFilename: name, CanCreateDirectories: true})
}
