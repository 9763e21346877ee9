// Package stock imports hardware tokens from their vendors' seed files: preview first,
// then all rows or those the person says, sealed, in one transaction.
package stock
