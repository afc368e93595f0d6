#!/bin/bash
# Reads the feed again whenever it has ended.
cd "$(dirname "$0")" || exit
for ((times = 0; times < 200; times++)); do
  bash beat.sh keeper 8
done
