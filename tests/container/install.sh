#!/usr/bin/env bash
# The smallest Debian 13 that affectd's package can be installed in without a network, for the container: 250 MB, 2 minutes.
# Usage: install.sh FOLDER    The root is made in FOLDER/root; run again, it goes on where it was.
set -euo pipefail

folder=${1:?usage: install.sh FOLDER}
# shellcheck source=tests/debian.sh
. "$(dirname "$0")/../debian.sh"
suite=trixie
python=(python3)

require_root
require_tool debootstrap debootstrap
require_tool podman podman
require_tool runc runc
mkdir -p "$folder"
if [ ! -e "$folder/.root" ]; then
  make_debian "$folder/root" adduser libstdc++6 procps systemd-standalone-sysusers systemd-standalone-tmpfiles
  touch "$folder/.root"
fi
echo "Debian is in $folder/root"
