#!/usr/bin/env bash
# What the tests of a flashed card start: a system that has only what Raspberry Pi OS Lite has, and an apt repository
# with what a Pi camera needs more, as Raspberry Pi's own has it.
# Usage: install.sh FOLDER [PICAMERA2]    FOLDER gets lite/ and repository/; run again, it goes on where it was.
# PICAMERA2 is the folder that tests/picamera2/install.sh has filled: Debian has no python3-picamera2, so that a package
# of it is made here of what lies there. Without it there is no repository.
set -euo pipefail

folder=${1:?usage: install.sh FOLDER [PICAMERA2]}
picamera2=${2:-}
here=$(dirname "$0")
# shellcheck source=tests/debian.sh
. "$here/../debian.sh"
python=(python3)
variant=

require_root
require_tool debootstrap debootstrap
require_tool systemd-nspawn systemd-container
require_tool dnsmasq dnsmasq-base
require_tool mosquitto_sub mosquitto-clients
require_tool dpkg-scanpackages dpkg-dev
require_tool ssh openssh-client

mkdir -p "$folder"
root=$folder/lite
if [ ! -e "$folder/.lite" ]; then
  mapfile -t packages < <(grep -v '^#' "$here/lite-packages.txt")
  make_debian "$root" "${packages[@]}"
  # Lite has NetworkManager alone, and cloud-init writes for ifupdown where it finds that.
  inside "$root" dpkg --purge ifupdown
  # As the image is: nobody logs in, nothing has the keys yet, and NetworkManager has the network.
  inside "$root" systemctl disable --quiet ssh.service ssh.socket
  rm -f "$root"/etc/ssh/ssh_host_*
  cp "$here/host-keys.service" "$root/etc/systemd/system/"
  inside "$root" systemctl enable --quiet host-keys.service
  install -m 644 "$here/raspberry-pi.cfg" "$root/etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg"
  install -D -m 600 /dev/stdin "$root/usr/lib/netplan/00-network-manager-all.yaml" <<<'network: {version: 2, renderer: NetworkManager}'
  # There is no network but the test's.
  install -D -m 644 /dev/stdin "$root/etc/systemd/system/cloud-init-local.service.d/boot.conf" \
    <<<$'[Unit]\nRequiresMountsFor=/boot/firmware'
  inside "$root" systemctl mask --quiet apt-daily.timer apt-daily-upgrade.timer systemd-timesyncd.service
  rm -f "$root/etc/resolv.conf"
  mkdir -p "$root/boot/firmware"
  touch "$folder/.lite"
fi
echo "a system like Raspberry Pi OS Lite is in $root"

[ -n "$picamera2" ] || exit 0

# A repository as Raspberry Pi's is: libcamera's Python, and Picamera2 as one package with what else it is made of.
site=$picamera2/root/venv/lib/python3.13/site-packages
repository_folder=$folder/repository
made_of=$(cat "$0" "$here/../picamera2/cured.py" "$picamera2/root/root/installed" | sha256sum)
if [ "$(cat "$folder/.repository" 2>/dev/null)" != "$made_of" ]; then
  echo "making a repository in $repository_folder"
  rm -rf "$repository_folder" "$folder/tree"
  mkdir -p "$repository_folder" "$folder/tree/DEBIAN" "$folder/tree/usr/lib/python3/dist-packages"
  for name in picamera2 pidng piexif simplejpeg videodev2 libarchive tqdm prctl.py '_prctl.*.so' 'OpenEXR.*.so' Imath.py \
    'ljpegCompress.*.so'; do
    # shellcheck disable=SC2086
    cp -r "$site"/$name "$folder/tree/usr/lib/python3/dist-packages/"
  done
  # What the virtual camera lacks of a Raspberry Pi's is bridged in Picamera2 itself: the daemon is to be as it ships.
  install -m 644 "$here/../picamera2/cured.py" "$folder/tree/usr/lib/python3/dist-packages/"
  module=$folder/tree/usr/lib/python3/dist-packages/picamera2/__init__.py
  {
    printf '%s\n' 'import os' 'os.environ.setdefault("VIRTUAL_CAMERA_FPS", "15")' 'import cured' 'cured.stand_in_for_kms()'
    cat "$module"
    echo 'cured.cure()'
  } >"$module.new"
  mv "$module.new" "$module"
  find "$folder/tree" -name __pycache__ -prune -exec rm -rf {} +
  needs="libcamera-ipa python3-libcamera python3-numpy python3-pil python3-av python3-jsonschema python3-yaml"
  printf '%s\n' 'Package: python3-picamera2' 'Version: 0.3-1' 'Architecture: amd64' 'Maintainer: nobody <nobody@localhost>' \
    "Depends: ${needs// /, }" 'Recommends: python3-opencv' 'Description: Picamera2 on a virtual camera' >"$folder/tree/DEBIAN/control"
  dpkg-deb --root-owner-group -Zgzip --build "$folder/tree" "$repository_folder/python3-picamera2_0.3-1_amd64.deb" >/dev/null
  rm -rf "$folder/tree"
  # The lists go again with what was fetched: a flashed card has none.
  cp --remove-destination /etc/resolv.conf "$root/etc/resolv.conf"
  inside "$root" apt-get update -qq
  # shellcheck disable=SC2086
  inside "$root" apt-get install -qq --yes --download-only --no-install-recommends $needs
  cp "$root"/var/cache/apt/archives/*.deb "$repository_folder/"
  inside "$root" apt-get clean
  rm -rf "$root"/var/lib/apt/lists/* "$root/etc/resolv.conf"
  (cd "$repository_folder" && dpkg-scanpackages --multiversion . /dev/null >Packages 2>/dev/null && gzip -k Packages &&
    apt-ftparchive release . >Release.new && mv Release.new Release)
  echo "$made_of" >"$folder/.repository"
fi
echo "what a Pi camera needs is in $repository_folder"
