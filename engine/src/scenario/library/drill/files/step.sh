#!/bin/bash
# One step of the clean-up. Usage: step.sh NUMBER
cd "$(dirname "$0")" || exit
exec 9<> <(:)
read -rt 0.3 -u 9
echo "$EPOCHREALTIME $1" >>out/steps.log
