#!/bin/bash
# seal.sh FILE: prints the name of a file of readings and its seal, which depends on every digit in it.
seal=1
for reading in $(<"$1"); do
  ((seal = (seal * 1103 + reading) % 67108859))
done
for ((round = 0; round < {rounds}; round++)); do
  ((seal = (seal * 1103 + 12345) % 67108859))
done
echo "$(basename "$1") $seal"
