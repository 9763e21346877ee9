package app

import (
	"context"
	"log/slog"

	"github.com/keyferry/keyferry/app/bind"
	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/qrpicture"
	"github.com/keyferry/keyferry/backend/rp"
)

// openBackend opens what keyferryctl opens, too.
func openBackend(ctx context.Context, home string, log *slog.Logger) (bind.Backend, error) {
	d, err := assembly.OpenDesk(ctx, assembly.Config{Home: home, Version: Version(), Log: log})
	if err != nil {
		return nil, err // not d: a nil pointer in an interface is not nil
	}
	return d, nil
}

func pictures() bind.Pictures {
	return bind.Pictures{Draw: drawRows, Provider: rp.ProviderName}
}

func drawRows(text string) ([]string, error) {
	code, err := qrpicture.Draw(text)
	if err != nil {
		return nil, err
	}
	return code.Rows(), nil
}
