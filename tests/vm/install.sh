#!/usr/bin/env bash
# The disk of a Debian 13 machine with a kernel, systemd, OpenGL in software, Mosquitto and affectd's dependencies, for
# the tests here. affectd itself is not on it: each machine is given that on a second disk, as source or as a package.
# Usage: install.sh FOLDER    FOLDER gets base.img, vmlinuz and initrd.img; run again, it goes on where it was.
set -euo pipefail

folder=${1:?usage: install.sh FOLDER}
root=$folder/root
here=$(dirname "$0")
# shellcheck source=tests/debian.sh
. "$here/../debian.sh"

if [ "$(uname -m)" != x86_64 ]; then
  echo "the machine is an x86-64 one, and is made on such a one" >&2
  exit 69
fi
require_root
require_tool debootstrap debootstrap
require_tool qemu-system-x86_64 qemu-system-x86
require_tool qemu-img qemu-utils
require_tool mke2fs e2fsprogs

mkdir -p "$folder"
if [ ! -e "$folder/.debian" ]; then
  make_debian "$root" dbus initramfs-tools kmod libegl1 libgbm1 libgl1-mesa-dri libgles2 linux-image-amd64 mosquitto \
    mosquitto-clients systemd-sysv udev v4l-utils zstd
  touch "$folder/.debian"
fi
# What affectd's package asks for, and what looks after a file system whose power was cut.
wanted="adduser e2fsprogs libstdc++6 procps"
if [ "$(cat "$root/root/packages" 2>/dev/null)" != "$wanted" ]; then
  inside "$root" apt-get update -qq
  # shellcheck disable=SC2086
  inside "$root" apt-get install -qq --no-install-recommends $wanted
  inside "$root" apt-get clean
  echo "$wanted" >"$root/root/packages"
fi

install_requirements "$root" overlay

is_older() {
  [ ! -e "$folder/base.img" ] || [ "$1" -nt "$folder/base.img" ]
}

if is_older "$root/root/installed" || is_older "$root/root/packages" || is_older "$here/install.sh" || is_older "$here/agent.service"; then
  echo "making the disk $folder/base.img"
  # Only what this machine's disks need, so that it starts sooner; and what checks its root.
  printf 'MODULES=list\nCOMPRESS=zstd\nFSTYPE=ext4\n' >"$root/etc/initramfs-tools/conf.d/small"
  printf '%s\n' virtio_pci virtio_blk ext4 >"$root/etc/initramfs-tools/modules"
  inside "$root" update-initramfs -u
  cp "$root"/boot/vmlinuz-* "$folder/vmlinuz"
  cp "$root"/boot/initrd.img-* "$folder/initrd.img"
  printf '%s\n' '/dev/vda / ext4 errors=remount-ro 0 1' 'LABEL=carried /carried ext4 ro 0 0' >"$root/etc/fstab"
  mkdir -p "$root/carried"
  echo machine >"$root/etc/hostname"
  : >"$root/etc/machine-id"
  cp "$here/agent.service" "$root/etc/systemd/system/agent.service"
  inside "$root" systemctl enable --quiet agent.service
  # The serial port is the console's alone, the broker starts when a test asks, and nothing is fetched.
  inside "$root" systemctl mask --quiet serial-getty@ttyS0.service getty@tty1.service apt-daily.timer \
    apt-daily-upgrade.timer
  inside "$root" systemctl disable --quiet mosquitto.service
  rm -f "$folder/base.img" "$folder/base.img.part"
  mke2fs -q -t ext4 -E nodiscard -d "$root" "$folder/base.img.part" 6G
  mv "$folder/base.img.part" "$folder/base.img"
fi
echo "the machine's disk is $folder/base.img"
