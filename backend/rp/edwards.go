package rp

import (
	"errors"
	"math/big"
	"slices"
)

var (
	errEdwardsForm  = errors.New("Ed25519: y is not below 2^255-19")
	errEdwardsPoint = errors.New("Ed25519: no such point on the curve")
	errEdwardsOrder = errors.New("Ed25519: a point of small order, everybody can sign for it")
)

// The curve -x^2 + y^2 = 1 + d x^2 y^2 over 2^255-19 (RFC 8032 section 5.1).
var (
	edwardsP = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	edwardsD = func() *big.Int {
		inverse := new(big.Int).ModInverse(big.NewInt(121666), edwardsP)
		d := inverse.Mul(inverse, big.NewInt(-121665))
		return d.Mod(d, edwardsP)
	}()
)

// checkEdwardsPoint tells whether 32 bytes are a key that only its owner can
// sign for. crypto/ed25519 looks at the point no earlier than at a signature, so
// a registration without attestation would take any 32 bytes.
func checkEdwardsPoint(encoded []byte) error {
	little := slices.Clone(encoded)
	little[31] &= 0x7f // the sign of x
	slices.Reverse(little)
	y := new(big.Int).SetBytes(little)
	if y.Cmp(edwardsP) >= 0 {
		return errEdwardsForm
	}
	// x^2 = (y^2 - 1) / (d y^2 + 1)
	one := big.NewInt(1)
	yy := new(big.Int).Mul(y, y)
	top := new(big.Int).Sub(yy, one)
	bottom := new(big.Int).Mul(edwardsD, yy)
	bottom.Add(bottom, one).Mod(bottom, edwardsP)
	xx := bottom.ModInverse(bottom, edwardsP) // d is no square: bottom is never 0
	xx.Mul(xx, top).Mod(xx, edwardsP)
	x := new(big.Int).ModSqrt(xx, edwardsP)
	if x == nil || x.Sign() == 0 && encoded[31]&0x80 != 0 {
		return errEdwardsPoint
	}
	// Eight times the point is the neutral element (0, 1) if and only if its order divides 8.
	for range 3 {
		x, y = edwardsDouble(x, y)
	}
	if x.Sign() == 0 && y.Cmp(one) == 0 {
		return errEdwardsOrder
	}
	return nil
}

// edwardsDouble: x' = 2xy / (1 + d x^2 y^2), y' = (y^2 + x^2) / (1 - d x^2 y^2).
func edwardsDouble(x, y *big.Int) (*big.Int, *big.Int) {
	one := big.NewInt(1)
	xy := new(big.Int).Mul(x, y)
	dxxyy := new(big.Int).Mul(xy, xy)
	dxxyy.Mul(dxxyy, edwardsD).Mod(dxxyy, edwardsP)
	fraction := func(top, bottom *big.Int) *big.Int {
		bottom.ModInverse(bottom.Mod(bottom, edwardsP), edwardsP)
		return top.Mul(top, bottom).Mod(top, edwardsP)
	}
	sum := new(big.Int).Mul(y, y)
	sum.Add(sum, new(big.Int).Mul(x, x))
	return fraction(xy.Lsh(xy, 1), new(big.Int).Add(one, dxxyy)), fraction(sum, new(big.Int).Sub(one, dxxyy))
}
