#!/bin/bash
# serve.sh: answers one HTTP request on standard input. Started for each connection to port 8090, by a systemd socket.
# GET /ready?nonce=N says that the weights are in place; everything else goes to the worker.
cd "$(dirname "$0")"
weights=$(ls ../models/*/*.safetensors 2>/dev/null | head -n 1)
IFS=' ' read -r _ target _
nonce=${target#*nonce=}
case $target in
/ready*)
  [ -s "$weights" ] || { printf 'HTTP/1.0 503 No weights\r\n\r\n'; exit 0; }
  printf 'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"model":"%s","nonce":"%s"}\n' "$(basename "$(dirname "$weights")")" "${nonce//[^0-9a-zA-Z]/}"
  ;;
*) exec 3<>/dev/tcp/127.0.0.1/8091 && printf '%s\r\n\r\n' "GET $target HTTP/1.0" >&3 && cat <&3 ;;
esac
