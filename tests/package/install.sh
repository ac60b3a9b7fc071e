#!/usr/bin/env bash
# Debian 12 and 13 with systemd, Mosquitto and what affectd's package depends on, for the tests here.
# Usage: install.sh FOLDER [deb12|deb13]...    FOLDER gets deb12/ and deb13/; run again, it goes on where it was.
set -euo pipefail

folder=${1:?usage: install.sh FOLDER [deb12|deb13]...}
shift
wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(deb12 deb13)
here=$(dirname "$0")
# shellcheck source=tests/debian.sh
. "$here/../debian.sh"

require_root
require_tool debootstrap debootstrap
require_tool systemd-nspawn systemd-container

mkdir -p "$folder"
for name in "${wanted[@]}"; do
  case $name in
    deb12) suite=bookworm ;;
    deb13) suite=trixie ;;
    *) echo "no such release: $name, expected deb12 or deb13" >&2; exit 2 ;;
  esac
  if [ ! -e "$folder/.$name" ]; then
    make_debian "$folder/$name" adduser dbus libstdc++6 mosquitto mosquitto-clients procps systemd-sysv udev
    if [ "$name" = deb13 ]; then
      # For its schema; Raspberry Pi OS has it from Debian 13 on.
      inside "$folder/$name" apt-get install -qq --no-install-recommends cloud-init netplan.io
      touch "$folder/$name/etc/cloud/cloud-init.disabled"
    fi
    inside "$folder/$name" systemctl disable --quiet mosquitto.service
    touch "$folder/.$name"
  fi
  echo "Debian is in $folder/$name"
done
