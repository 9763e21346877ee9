package policy

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// instant is a moment: seconds since 1970 UTC, and what is beyond the second.
type instant struct {
	seconds     int64
	nanoseconds int
}

func (t instant) compare(u instant) int {
	return cmp.Or(cmp.Compare(t.seconds, u.seconds), cmp.Compare(t.nanoseconds, u.nanoseconds))
}

// parseInstant reads a date of the W3C profile of ISO 8601 (W3C NOTE-datetime:
// YYYY-MM, YYYY-MM-DD, YYYY-MM-DDThh:mm[:ss[.s]] with Z or ±hh:mm), or seconds
// since 1970. Digits alone are always seconds, so the profile's bare year is not
// read: 2026 would be both.
func parseInstant(s string) (instant, bool) {
	if number := strings.TrimPrefix(s, "-"); number != "" && digits(number) {
		n, err := strconv.ParseInt(s, 10, 64)
		return instant{seconds: n}, err == nil
	}
	p := dateParts{rest: s, ok: true}
	year := p.number(4)
	p.expect('-')
	month, day := p.number(2), 1
	if p.ok && p.rest == "" {
		return moment(year, month, day, 0, 0, 0, 0, 0, true)
	}
	p.expect('-')
	if day = p.number(2); p.ok && p.rest == "" {
		return moment(year, month, day, 0, 0, 0, 0, 0, true)
	}
	p.expect('T')
	hour := p.number(2)
	p.expect(':')
	minute, second, nanos := p.number(2), 0, 0
	if strings.HasPrefix(p.rest, ":") {
		p.expect(':')
		second = p.number(2)
		nanos = p.fraction()
	}
	zone := p.zone()
	return moment(year, month, day, hour, minute, second, nanos, zone, p.ok && p.rest == "")
}

func moment(year, month, day, hour, minute, second, nanos, zone int, ok bool) (instant, bool) {
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	// time.Date carries 31 February over into March
	ok = ok && t.Year() == year && int(t.Month()) == month && t.Day() == day && t.Hour() == hour && t.Minute() == minute && t.Second() == second
	return instant{t.Unix() - int64(zone), t.Nanosecond()}, ok
}

// dateParts reads a date piece by piece; after the first wrong one ok stays false.
type dateParts struct {
	rest string
	ok   bool
}

func (p *dateParts) number(width int) int {
	if len(p.rest) < width || !digits(p.rest[:width]) {
		p.ok = false
		return 0
	}
	n, _ := strconv.Atoi(p.rest[:width])
	p.rest = p.rest[width:]
	return n
}

func (p *dateParts) expect(c byte) {
	if p.rest == "" || p.rest[0] != c {
		p.ok = false
		return
	}
	p.rest = p.rest[1:]
}

// fraction reads .s in nanoseconds; what is finer is cut off.
func (p *dateParts) fraction() int {
	if !strings.HasPrefix(p.rest, ".") {
		return 0
	}
	p.rest = p.rest[1:]
	n, width := 0, 0
	for ; width < len(p.rest) && p.rest[width] >= '0' && p.rest[width] <= '9'; width++ {
		if width < 9 {
			n = n*10 + int(p.rest[width]-'0')
		}
	}
	p.ok = p.ok && width > 0
	p.rest = p.rest[width:]
	for ; width < 9; width++ {
		n *= 10
	}
	return n
}

// zone reads Z or ±hh:mm, in seconds east of Greenwich.
func (p *dateParts) zone() int {
	if strings.HasPrefix(p.rest, "Z") {
		p.rest = p.rest[1:]
		return 0
	}
	sign := 1
	switch {
	case strings.HasPrefix(p.rest, "+"):
	case strings.HasPrefix(p.rest, "-"):
		sign = -1
	default:
		p.ok = false
		return 0
	}
	p.rest = p.rest[1:]
	hours := p.number(2)
	p.expect(':')
	minutes := p.number(2)
	p.ok = p.ok && hours < 24 && minutes < 60
	return sign * (hours*3600 + minutes*60)
}
