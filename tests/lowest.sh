#!/usr/bin/env bash
# The device's tests on the oldest packages that pyproject.toml allows, in an environment of their own.
# Usage: lowest.sh UV FOLDER WORKERS
set -euo pipefail

uv=${1:?usage: lowest.sh UV FOLDER WORKERS}
folder=${2:?usage: lowest.sh UV FOLDER WORKERS}

"$uv" venv --quiet --allow-existing --python 3.11 "$folder"
"$uv" pip install --quiet --python "$folder/bin/python" --resolution lowest-direct -e '.[demo,overlay,test]'
"$folder/bin/python" -m pytest -m "not slow" -n "${3:?}" --dist loadfile --part=device
