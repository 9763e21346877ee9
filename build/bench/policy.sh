#!/bin/sh
# Measures policy decisions with explanation beside cedar-go ("of-cedar", the figures
# to reach are 2 with 20 statements and 1.5 with 200) and beside a prepared query of
# OPA ("of-opa", 0.125), for the same rules and questions, in turns. Both are in a Go
# module of their own.
set -eu
cd "$(dirname "$0")/policy"
go test -run EnginesAgree -bench Beside .
