#!/usr/bin/env bash
# The disk of a machine with nothing but what Raspberry Pi OS Lite has, its kernel's modules, and what the tests need to
# ask it and to hold a camera before it.
# Usage: install_card.sh FOLDER LITE    FOLDER has what install.sh makes, and gets card.img; LITE is the system that
# tests/card/install.sh makes.
set -euo pipefail

folder=${1:?usage: install_card.sh FOLDER LITE}
lite=${2:?usage: install_card.sh FOLDER LITE}
here=$(dirname "$0")
# shellcheck source=tests/debian.sh
. "$here/../debian.sh"

require_root
require_tool mke2fs e2fsprogs
require_tool mkfs.vfat dosfstools
require_tool mcopy mtools

made_of=$(cat "$0" "$here/agent.service" "$here/camera.service" "$folder/root/root/installed" <(stat -c %Y "$lite/../.lite") | sha256sum)
if [ "$(cat "$folder/.card" 2>/dev/null)" != "$made_of" ]; then
  echo "making the disk $folder/card.img"
  root=$folder/card
  rm -rf --one-file-system "$root"
  cp -a "$lite" "$root"
  cp -a "$folder/root/usr/lib/modules" "$root/usr/lib/"
  printf '%s\n' '/dev/vda / ext4 errors=remount-ro 0 1' 'LABEL=bootfs /boot/firmware vfat defaults 0 2' \
    'LABEL=carried /carried ext4 ro 0 0' >"$root/etc/fstab"
  mkdir -p "$root/carried"
  : >"$root/etc/machine-id"
  sed -e 's#/venv/bin/python#/usr/bin/python3#' -e '/^Environment/d' "$here/agent.service" >"$root/etc/systemd/system/agent.service"
  cp "$here/camera.service" "$root/etc/systemd/system/"
  inside "$root" systemctl enable --quiet agent.service camera.service
  # The serial port is the console's alone.
  inside "$root" systemctl mask --quiet serial-getty@ttyS0.service getty@tty1.service
  rm -f "$folder/card.img"
  mke2fs -q -t ext4 -E nodiscard -d "$root" "$folder/card.img" 4G
  rm -rf --one-file-system "$root"
  echo "$made_of" >"$folder/.card"
fi
echo "the card's disk is $folder/card.img"
