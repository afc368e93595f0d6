#!/bin/bash
# Reads a position as FEN, and prints the engine's move. The options are in engine.conf.
PATH=$PATH:/usr/games
cd "$(dirname "$0")" || exit 1
read -r fen
depth=$(sed -n 's/^depth = \([0-9]*\)$/\1/p' engine.conf)
coproc stockfish 2>&1
pid=$COPROC_PID
printf '%s\n' 'setoption name Hash value 16' "position fen $fen" "go depth ${depth:?no depth in engine.conf}" >&"${COPROC[1]}"
while read -r word rest <&"${COPROC[0]}"; do
  [ "$word" != bestmove ] || break
done
[ "$word" = bestmove ] || { wait "$pid"; exit; }
echo "$word $rest"
echo quit >&"${COPROC[1]}"
