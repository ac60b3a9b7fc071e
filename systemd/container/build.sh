#!/usr/bin/env bash
# Builds the container's image with podman or docker.
# Usage: build.sh PACKAGE.deb NAME [BASE]    BASE is an image, or a folder with a Debian root, as debootstrap makes one.
# ISOLATION=chroot lets podman build inside another container, or where cgroups are not as it wants them.
set -euo pipefail

usage="usage: build.sh PACKAGE.deb NAME [BASE]"
package=$(realpath "${1:?$usage}")
name=${2:?$usage}
base=${3:-}
here=$(cd "$(dirname "$0")" && pwd)

[ -f "$package" ] || { echo "there is no package $package: make deb PACKAGES=deb13-amd64" >&2; exit 2; }
program=$(command -v podman || command -v docker) || { echo "podman is missing: sudo apt-get install podman" >&2; exit 69; }
format=()
[ "$(basename "$program")" = docker ] || format=(--format docker --pull=never)
if [ -d "$base" ]; then
  tar -C "$base" --one-file-system -c . | "$program" import --quiet - localhost/affectd-base >/dev/null
  base=localhost/affectd-base
elif [ -z "$base" ]; then
  [ ${#format[@]} -eq 0 ] || format=(--format docker)
fi
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp "$here/Containerfile" "$package" "$context/"
"$program" build "${format[@]}" ${ISOLATION:+--isolation "$ISOLATION"} --tag "$name" --file "$context/Containerfile" ${base:+--build-arg "BASE=$base"} \
  --build-arg "PACKAGE=$(basename "$package")" "$context"
echo "$name: $("$program" image inspect --format '{{.Size}}' "$name") bytes"
