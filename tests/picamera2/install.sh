#!/usr/bin/env bash
# A Debian 13 root with libcamera's virtual camera, Picamera2 and affectd's dependencies, for the tests here.
# Usage: install.sh FOLDER    The root is made in FOLDER/root; run again, it goes on where it was.
set -euo pipefail

folder=${1:?usage: install.sh FOLDER}
root=$folder/root
here=$(dirname "$0")
# shellcheck source=tests/debian.sh
. "$here/../debian.sh"

require_root
require_tool debootstrap debootstrap

mkdir -p "$folder"
if [ ! -e "$folder/.debian" ]; then
  make_debian "$root" gcc libc6-dev libcamera-ipa libcamera-tools libcap-dev python3-av python3-dev python3-jsonschema \
    python3-libcamera python3-numpy python3-pil python3-yaml
  touch "$folder/.debian"
fi

install_requirements "$root" pi
echo "Picamera2 is in $root"
