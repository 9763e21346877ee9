// Package events carries the back end's events to the page, in order and
// without ever holding the back end up. What an event looks like to the page is
// app/bind's matter.
package events
