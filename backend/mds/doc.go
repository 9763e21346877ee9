package mds
