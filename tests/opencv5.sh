#!/usr/bin/env bash
# The tests of the network with OpenCV 5, which has no cascades, in an environment of their own.
# Usage: opencv5.sh UV FOLDER
set -euo pipefail

uv=${1:?usage: opencv5.sh UV FOLDER}
folder=${2:?usage: opencv5.sh UV FOLDER}

"$uv" venv --quiet --allow-existing "$folder"
"$uv" pip install --quiet --python "$folder/bin/python" -c constraints.txt -e '.[demo,test]' matplotlib onnx scikit-image
# affectd itself asks for OpenCV 4, which has the cascades.
"$uv" pip install --quiet --python "$folder/bin/python" 'opencv-python-headless>=5,<6'
"$folder/bin/python" -m pytest tests/device/detect tests/benchmarks/test_people.py
