// Package recovery makes and takes the printed one-time codes that stand in for
// root's device when it is lost. They are this product's own; IAM has nothing like
// them.
package recovery
