#!/bin/bash
# Writes table.csv anew, row by row. Usage: table.sh [aside]
cd "$(dirname "$0")" || exit
exec 9<> <(:)
target=table.csv
if [ "${1:-}" = aside ]; then
  target=table.new
else
  cp table.csv table.old
  echo $$ >.lock
  trap 'mv -f table.old table.csv; rm -f .lock; exit 1' TERM INT HUP
fi
echo row,value >"$target"
for ((row = 1; row <= 400; row++)); do
  echo "$row,$((row * 7))" >>"$target"
  echo "$EPOCHREALTIME" >>out/table.log
  read -rt 0.05 -u 9
done
echo "total,$((row - 1))" >>"$target"
if [ "$target" = table.new ]; then mv -f table.new table.csv; else rm -f .lock table.old; fi
