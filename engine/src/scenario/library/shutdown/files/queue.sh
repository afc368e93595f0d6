#!/bin/bash
# The printer queue: takes jobs until it gets TERM.
cd "${0%/*}" || exit 1
trap 'rm -f accepting; exit 0' TERM
echo "The queue takes jobs while this file is here." > accepting
while read -r _; do :; done <> <(:)
