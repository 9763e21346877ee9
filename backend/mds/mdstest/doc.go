package mdstest
