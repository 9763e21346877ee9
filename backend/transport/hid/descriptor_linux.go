package hid

import "errors"

// The collection that CTAPHID lives in (CTAP 2.2 section 11.2.8.2).
const (
	pageFIDO  = 0xF1D0
	usageFIDO = 0x01

	maxDescriptor = 4096 // the kernel's own limit
	maxPushed     = 16
)

var (
	errNotFIDO    = errors.New("hid: no collection of FIDO")
	errDescriptor = errors.New("hid: report descriptor")
)

// Item tags with their types (USB Device Class Definition for HID 1.11 section 6.2.2),
// as they stand in an item's first byte, without the two bits of its size.
const (
	itemInput         = 0x80
	itemOutput        = 0x90
	itemCollection    = 0xA0
	itemEndCollection = 0xC0
	itemUsagePage     = 0x04
	itemReportSize    = 0x74
	itemReportID      = 0x84
	itemReportCount   = 0x94
	itemPush          = 0xA4
	itemPop           = 0xB4
	itemUsage         = 0x08
	itemLong          = 0xFE

	kindMask   = 0x0C
	kindMain   = 0x00
	sizeMask   = 0x03
	wholeUsage = 4 // a usage of four bytes brings its page
)

// globals are what Push keeps and Pop brings back.
type globals struct{ page, size, count, id uint32 }

// descriptor is what has been read of a report descriptor so far.
type descriptor struct {
	globals
	pushed  []globals
	usage   uint32 // page and usage: the first since the last main item
	used    bool
	depth   int  // open collections
	found   bool // a FIDO collection was there
	inside  bool // and is open
	in, out uint64
}

// fidoReports gives the sizes of a FIDO device's reports in bytes. It reads only
// as much of the descriptor as it takes to tell. What has no FIDO collection is
// errNotFIDO; one that cannot be used is errDescriptor.
func fidoReports(b []byte) (in, out int, err error) {
	if len(b) > maxDescriptor {
		return 0, 0, errDescriptor
	}
	var d descriptor
	for len(b) > 0 && !(d.found && !d.inside) {
		if b[0] == itemLong {
			if len(b) < 3 || len(b) < 3+int(b[1]) {
				return 0, 0, errDescriptor
			}
			b = b[3+int(b[1]):]
			continue
		}
		n := int(b[0] & sizeMask)
		if n == 3 {
			n = 4
		}
		if len(b) < 1+n {
			return 0, 0, errDescriptor
		}
		var value uint32
		for i := n; i > 0; i-- {
			value = value<<8 | uint32(b[i])
		}
		if !d.item(b[0]&^sizeMask, n, value) {
			return 0, 0, errDescriptor
		}
		b = b[1+n:]
	}
	switch {
	case !d.found:
		return 0, 0, errNotFIDO
	case d.inside || !isReport(d.in) || !isReport(d.out):
		return 0, 0, errDescriptor
	}
	return int(d.in / 8), int(d.out / 8), nil
}

func isReport(bits uint64) bool { return bits%8 == 0 && bits >= 8*MinReport && bits <= 8*MaxReport }

// item takes one short item; false says that the descriptor is of no use.
func (d *descriptor) item(tag byte, size int, value uint32) bool {
	switch tag {
	case itemUsagePage:
		d.page = value
	case itemReportSize:
		d.size = value
	case itemReportCount:
		d.count = value
	case itemReportID:
		d.id = value
	case itemPush:
		d.pushed = append(d.pushed, d.globals)
		return len(d.pushed) <= maxPushed
	case itemPop:
		n := len(d.pushed) - 1
		if n < 0 {
			return false
		}
		d.globals, d.pushed = d.pushed[n], d.pushed[:n]
	case itemUsage:
		if size != wholeUsage {
			value |= d.page << 16
		}
		if !d.used {
			d.usage, d.used = value, true
		}
	case itemCollection:
		d.depth++
		if d.depth == 1 && d.used && d.usage == pageFIDO<<16|usageFIDO {
			d.found, d.inside = true, true
		}
	case itemEndCollection:
		d.depth--
		d.inside = d.inside && d.depth > 0
	case itemInput:
		return d.field(&d.in)
	case itemOutput:
		return d.field(&d.out)
	}
	if tag&kindMask == kindMain {
		d.used = false
	}
	return d.depth >= 0
}

// field adds a field of a report. Reports with numbers are not of CTAPHID: it
// has one report each way.
func (d *descriptor) field(bits *uint64) bool {
	d.used = false
	if !d.inside {
		return true
	}
	*bits += uint64(d.size) * uint64(d.count)
	return d.id == 0 && *bits <= 8*MaxReport
}
