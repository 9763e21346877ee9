package rules

// Kept is how many sets are ready.
func Kept(r *Rules) int { return len(r.sets) }
