// Package sheet writes tables that are opened in a spreadsheet: RFC 4180 with line
// feeds, UTF-8. It knows nothing of what is in them.
package sheet
