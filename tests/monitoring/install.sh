#!/usr/bin/env bash
# What the tests here need of npm: Node-RED, and Grafana's own description of a dashboard, with the compiler that reads it.
# Usage: install.sh FOLDER    200 MB, a minute; Prometheus and its exporter come with make deps SLOW=1.
set -euo pipefail

folder=${1:?usage: install.sh FOLDER}
for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: sudo apt-get install nodejs npm" >&2; exit 69; }
done
mkdir -p "$folder"
if [ ! -e "$folder/.installed" ]; then
  npm install --prefix "$folder" --no-audit --no-fund --silent node-red@4 @grafana/schema@11 typescript@5
  touch "$folder/.installed"
fi
echo "Node-RED and Grafana's types are in $folder"
