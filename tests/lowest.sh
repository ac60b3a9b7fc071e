#!/usr/bin/env bash
# The tests of some parts on the oldest packages that pyproject.toml allows, in an environment of their own.
# Usage: lowest.sh UV FOLDER WORKERS EXTRAS PART…
set -euo pipefail

usage="usage: lowest.sh UV FOLDER WORKERS EXTRAS PART…"
uv=${1:?$usage} folder=${2:?$usage} workers=${3:?$usage} extras=${4:?$usage}
shift 4

# One environment for each folder, and nothing in it that an earlier pyproject.toml asked for.
"$uv" venv --quiet --allow-existing --python 3.11 "$folder"
"$uv" pip compile --quiet --upgrade --python-version 3.11 --resolution lowest-direct --no-emit-package affectd \
    $(printf -- '--extra %s ' ${extras//,/ }) --output-file "$folder/lowest.txt" pyproject.toml
"$uv" pip sync --quiet --python "$folder/bin/python" "$folder/lowest.txt"
"$uv" pip install --quiet --python "$folder/bin/python" --no-deps -e .
for part in "${@:?$usage}"; do
    "$folder/bin/python" -m pytest -m "not slow" -n "$workers" --dist loadfile --part="$part"
done
