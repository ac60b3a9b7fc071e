#!/usr/bin/env bash
# ansible-core in an environment of its own, and what Ansible's apt module needs on a sensor, which Raspberry Pi OS has.
# Usage: install.sh FOLDER DEBIAN    DEBIAN holds the Debian 13 that tests/package/install.sh makes; 60 MB, a minute.
set -euo pipefail

folder=${1:?usage: install.sh FOLDER DEBIAN}
debian=${2:?usage: install.sh FOLDER DEBIAN}
# shellcheck source=tests/debian.sh
. "$(dirname "$0")/../debian.sh"

require_root
require_tool mosquitto_sub mosquitto-clients
"$(dirname "$0")/../package/install.sh" "$debian" deb13
mkdir -p "$folder"
if [ ! -x "$folder/venv/bin/ansible-playbook" ]; then
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" --disable-pip-version-check install -q 'ansible-core>=2.19,<2.20'
fi
if ! compgen -G "$folder/packages/python3-apt_*.deb" >/dev/null; then
  archives=$debian/deb13/tmp/python3-apt
  mkdir -p "$archives/partial"
  inside "$debian/deb13" apt-get install -qq --no-install-recommends --download-only -o Dir::Cache::archives=/tmp/python3-apt python3-apt
  mkdir -p "$folder/packages"
  mv "$archives"/*.deb "$folder/packages/"
  rm -rf "$archives"
fi
echo "Ansible is in $folder/venv"
