package policy

// Nearest is the known word that takes the fewest changed characters to reach,
// without regard to case; the first of equals. Empty: none is near.
func Nearest(word string, known []string) string {
	best, least := "", len(word)/3+1
	for _, k := range known {
		if d := distance(fold(word), fold(k), least); d < least {
			best, least = k, d
		}
	}
	return best
}

// maxNear is how long words are that Nearest looks at: names, not documents.
const maxNear = 80

// distance is how many characters must be put in, taken out or changed to make b of
// a; at most limit.
func distance(a, b string, limit int) int {
	if len(a) > maxNear || len(b) > maxNear || max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	var rows [2][maxNear + 1]int
	last, now := &rows[0], &rows[1]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := range len(a) {
		now[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			now[j+1] = min(change, last[j+1]+1, now[j]+1)
		}
		last, now = now, last
	}
	return min(last[len(b)], limit)
}
