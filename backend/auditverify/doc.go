// Package auditverify checks the audit trail by the text of backend/audit/doc.go. It shares no code with what writes the trail.
package auditverify
