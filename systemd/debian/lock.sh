#!/usr/bin/env bash
# Writes requirements-RELEASE.txt anew: what the Debian packages take along, in the versions of constraints.txt, each with
# the SHA-256 of its files, so that a package is made of what was tested and of nothing else.
# Both processors take the same versions, and a hash stands there for every file of a version.
# Usage: lock.sh UV
set -euo pipefail

uv=$(realpath "${1:?usage: lock.sh UV}")
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

for release in deb12:3.11 deb13:3.13; do
  name=${release%:*} python=${release#*:}
  versions=$(mktemp)
  own=$here/constraints-$name.txt
  if [ -e "$own" ]; then
    names=$(sed -n 's/^\([a-z0-9-]*\)==.*/\1/p' "$own" | paste -sd '|')
    { grep -vE "^($names)==" constraints.txt; cat "$own"; } >"$versions"
  else
    cp constraints.txt "$versions"
  fi
  "$uv" pip compile --quiet --python-version "$python" --python-platform x86_64-manylinux_2_34 --extra overlay --extra page \
    --constraints "$versions" --generate-hashes --no-annotate --no-header \
    --output-file "$here/requirements-$name.txt" pyproject.toml
  rm "$versions"
done
