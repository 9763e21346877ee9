// Package auditverify checks the audit trail of a database or of an export, also against
// checkpoints kept elsewhere. It follows the text of backend/audit/doc.go and shares no
// code with what writes the trail, so that a fault there cannot hide itself here.
package auditverify
