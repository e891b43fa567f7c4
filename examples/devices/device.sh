#!/bin/sh
# Polls the commands of a device, and prints what it gets: device.sh URL [ID]
# The id that was read last continues where a device stopped, also after a restart.

url=$1
next=$2
while true; do
    answer=$(curl -sf --max-time 40 -H 'Accept: application/json' "$url?wait=25&after=$next") || { sleep 5; continue; }
    printf '%s\n' "$answer"
    next=$(printf '%s' "$answer" | sed -n 's/.*"next":"\([^"]*\)".*/\1/p')
done
