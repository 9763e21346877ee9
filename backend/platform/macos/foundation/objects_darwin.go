package foundation

import (
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/ebitengine/purego/objc"
)

const (
	utf8Encoding = 4    // NSUTF8StringEncoding
	maxItems     = 4096 // of a collection; nothing here has more than some ten
)

// Is says whether an object is of a class or of one below it.
func Is(o objc.ID, class string) bool {
	c := Class(class)
	return o != 0 && c != 0 && Yes(o, "isKindOfClass:", objc.Class(c))
}

// String makes an NSString, which lives as long as the pool.
func String(text string) objc.ID {
	bytes := []byte(text)
	s := Ask(Ask(Class("NSString"), "alloc"), "initWithBytes:length:encoding:", first(bytes), len(bytes), utf8Encoding)
	runtime.KeepAlive(bytes)
	return Ask(s, "autorelease")
}

// Text reads an NSString of at most that many bytes. What is longer, or no string, is
// empty.
func Text(o objc.ID, most int) string {
	if !Is(o, "NSString") {
		return ""
	}
	buffer := make([]byte, most+1)
	fits := Yes(o, "getCString:maxLength:encoding:", first(buffer), len(buffer), utf8Encoding)
	text, _, ended := strings.Cut(string(buffer), "\x00")
	if !fits || !ended || !utf8.ValidString(text) {
		return ""
	}
	return text
}

// Data makes an NSData with a copy of b, which lives as long as the pool.
func Data(b []byte) objc.ID {
	d := Ask(Class("NSData"), "dataWithBytes:length:", first(b), len(b))
	runtime.KeepAlive(b)
	return d
}

// Bytes copies an NSData of at most that many bytes; false for what is longer, or none.
func Bytes(o objc.ID, most int) ([]byte, bool) {
	if !Is(o, "NSData") {
		return nil, false
	}
	n := Number(o, "length")
	if n < 0 || n > most {
		return nil, false
	}
	b := make([]byte, n)
	if n > 0 {
		Ask(o, "getBytes:length:", first(b), n)
	}
	return b, true
}

// Integer reads an NSNumber.
func Integer(o objc.ID) (int64, bool) {
	if !Is(o, "NSNumber") {
		return 0, false
	}
	return objc.Send[int64](o, selector("longLongValue")), true
}

// Whole makes an NSNumber, which lives as long as the pool.
func Whole(n int) objc.ID { return Ask(Class("NSNumber"), "numberWithInteger:", n) }

// Truth makes an NSNumber of a BOOL, which lives as long as the pool.
func Truth(is bool) objc.ID { return Ask(Class("NSNumber"), "numberWithBool:", is) }

// Array makes an NSArray, which lives as long as the pool.
func Array(items ...objc.ID) objc.ID {
	a := Ask(Class("NSMutableArray"), "array")
	for _, item := range items {
		if item != 0 { // nil is an exception
			Ask(a, "addObject:", item)
		}
	}
	return a
}

// Dictionary makes an NSDictionary, which lives as long as the pool.
func Dictionary(entries map[string]objc.ID) objc.ID {
	d := Ask(Class("NSMutableDictionary"), "dictionary")
	for key, value := range entries {
		if value != 0 {
			Ask(d, "setObject:forKey:", value, String(key))
		}
	}
	return d
}

// Items lists what is in an NSArray or NSSet; nothing for anything else.
func Items(o objc.ID) []objc.ID {
	if Is(o, "NSSet") {
		o = Ask(o, "allObjects")
	}
	if !Is(o, "NSArray") {
		return nil
	}
	n := min(Number(o, "count"), maxItems)
	items := make([]objc.ID, 0, max(n, 0))
	for i := range n {
		items = append(items, Ask(o, "objectAtIndex:", i))
	}
	return items
}

// Entry gives what an NSDictionary has under a key; 0 for nothing, or for no dictionary.
func Entry(o objc.ID, key objc.ID) objc.ID {
	if !Is(o, "NSDictionary") || key == 0 {
		return 0
	}
	return Ask(o, "objectForKey:", key)
}

// Keys lists the keys of an NSDictionary.
func Keys(o objc.ID) []objc.ID {
	if !Is(o, "NSDictionary") {
		return nil
	}
	return Items(Ask(o, "allKeys"))
}

// first is the address that C wants for a slice; nil for an empty one.
func first(b []byte) *byte {
	if len(b) == 0 {
		return nil
	}
	return &b[0]
}
