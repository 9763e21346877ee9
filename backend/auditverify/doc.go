// Package auditverify checks the audit trail of a database or of an export. It shares
// no code with what writes the trail (packages audit and sqlite), so that a fault there
// cannot hide itself here.
package auditverify
