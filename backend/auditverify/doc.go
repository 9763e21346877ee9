// Package auditverify checks the audit trail of a database or an export, and checkpoints of it. It follows the text in
// backend/audit/doc.go and shares no code with what writes the trail, so that a fault there cannot hide itself here.
package auditverify
