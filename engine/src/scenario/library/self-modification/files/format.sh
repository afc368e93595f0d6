#!/bin/bash
# format FILE...: takes spaces from the ends of lines.
sed -i 's/[[:blank:]]*$//' "$@"
