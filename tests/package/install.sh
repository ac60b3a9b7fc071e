#!/usr/bin/env bash
# Debian 12 and 13 with systemd, Mosquitto and what affectd's package depends on, for the tests here; those for arm64,
# which run by emulation and are not booted, with what it depends on alone.
# Usage: install.sh FOLDER [NAME]...    FOLDER gets a root NAME/ for each of deb12, deb13, deb12-arm64, deb13-arm64,
# the first two if none is named; run again, it goes on where it was.
set -euo pipefail

folder=${1:?usage: install.sh FOLDER [NAME]...}
shift
wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(deb12 deb13)
here=$(dirname "$0")
# shellcheck source=tests/debian.sh
. "$here/../debian.sh"
python=(python3)

require_root
require_tool debootstrap debootstrap

mkdir -p "$folder"
for name in "${wanted[@]}"; do
  case $name in
    deb12 | deb12-arm64) suite=bookworm ;;
    deb13 | deb13-arm64) suite=trixie ;;
    *) echo "no such root: $name, expected deb12, deb13, deb12-arm64 or deb13-arm64" >&2; exit 2 ;;
  esac
  case $name in
    *-arm64) architecture=arm64; require_processor aarch64 ;;
    *) architecture=; require_tool systemd-nspawn systemd-container ;;
  esac
  if [ -n "$architecture" ] && [ ! -e "$folder/.$name" ]; then
    make_debian "$folder/$name" adduser libstdc++6 procps systemd
    touch "$folder/.$name"
  elif [ ! -e "$folder/.$name" ]; then
    make_debian "$folder/$name" adduser dbus libstdc++6 mosquitto mosquitto-clients procps systemd-sysv udev
    if [ "$name" = deb13 ]; then
      # For its schema; Raspberry Pi OS has it from Debian 13 on.
      inside "$folder/$name" apt-get install -qq --no-install-recommends cloud-init netplan.io
      touch "$folder/$name/etc/cloud/cloud-init.disabled"
    fi
    inside "$folder/$name" systemctl disable --quiet mosquitto.service
    touch "$folder/.$name"
  fi
  if [ "$name" = deb13 ] && [ ! -e "$folder/.upgrades" ]; then
    # As docs/start-pi.md fetches what a card brings along.
    inside "$folder/$name" apt-get install -qq --download-only --no-install-recommends unattended-upgrades
    mkdir -p "$folder/upgrades"
    cp "$folder/$name"/var/cache/apt/archives/*.deb "$folder/upgrades/"
    inside "$folder/$name" apt-get clean
    touch "$folder/.upgrades"
  fi
  echo "Debian is in $folder/$name"
done
