// Package pcsc finds card readers and speaks to the cards in them, through the system's PC/SC service.
package pcsc
