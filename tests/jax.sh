#!/usr/bin/env bash
# The trainer's tests that need JAX, on several CPU devices that it is told to make; 1 GB the first time.
# Usage: jax.sh UV FOLDER
set -euo pipefail

uv=${1:?usage: jax.sh UV FOLDER}
folder=${2:?usage: jax.sh UV FOLDER}
[ -x "$folder/bin/python" ] || "$uv" venv --quiet "$folder"
"$uv" pip install --quiet --python "$folder" --constraint constraints.txt -e '.[train,test]' jax
exec "$folder/bin/python" -m pytest --no-skip -k "jax or devices" tests/trainer/test_fit.py tests/trainer/test_devices.py
