package bind

import (
	"context"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/stock"
	"github.com/keyferry/keyferry/backend/totp/seedfile"
)

// PreviewTokens reads a seed file that was chosen.
func (a *API) PreviewTokens(req SeedFileRequest) (TokenPreviewDTO, error) {
	password := req.Password.optional()
	defer password.Wipe()
	text := req.Key.optional()
	defer text.Wipe()
	return call(a, func(ctx context.Context, b Backend) (TokenPreviewDTO, error) {
		return as(ctx, b, func(ctx context.Context, h *desk.House, who mfa.Session) (TokenPreviewDTO, error) {
			secrets := stock.Secrets{Password: password}
			if text.Len() > 0 {
				key, err := seedfile.ParseKey(text.Bytes())
				if err != nil {
					return TokenPreviewDTO{}, err
				}
				defer key.Wipe()
				secrets.Key = key
			}
			f, data, err := b.ReadFile(req.File, seedfile.MaxFile)
			if err != nil {
				return TokenPreviewDTO{}, err
			}
			defer clear(data)
			p, err := h.Stock.Preview(ctx, who, data, secrets)
			if err != nil {
				return TokenPreviewDTO{}, err
			}
			out := tokenPreview(f.Name, p)
			out.ID, err = b.ShowTokens(who, p)
			return out, err
		})
	})
}

// maxCodes is how many live codes are given at once: more rows than a screen has.
const maxCodes = 500

// PreviewCodes is what the tokens of some rows of a preview show now.
func (a *API) PreviewCodes(req PreviewCodesRequest) ([]string, error) {
	return look(a, func(ctx context.Context, b Backend) (codes []string, err error) {
		err = b.UseTokens(ctx, req.ID, func(_ context.Context, p *stock.Preview) error {
			codes = p.Codes(b.Now(), max(0, req.From), min(max(0, req.Count), maxCodes))
			return nil
		})
		return each(codes, text[string]), err
	})
}

// ImportTokens puts the tokens of a preview into the stock and says how many.
func (a *API) ImportTokens(req ImportRequest) (int, error) {
	return a.imports(req.ID, func(ctx context.Context, b Backend, h *desk.House, who mfa.Session) (n int, err error) {
		err = b.UseTokens(ctx, req.ID, func(ctx context.Context, p *stock.Preview) error {
			n, err = h.Stock.Import(ctx, who, p, req.OnlyGood, b.Progress(req.ID))
			return err
		})
		return n, err
	})
}

// ClosePreview wipes a preview, and cancels what imports it.
func (a *API) ClosePreview(id string) error {
	return run(a, func(_ context.Context, b Backend) error { b.ClosePreview(id); return nil })
}
