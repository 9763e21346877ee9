// Command measure compares the window with an empty Wails window: the time from
// starting the program to the first painted content, seen on the display from
// outside, and the memory of the program with its web processes a moment later.
// The two take turns, so that whatever else the machine does meets both.
package main
