// Package activity reads and exports the audit trail, and keeps checkpoints of it
// outside of the database.
package activity
