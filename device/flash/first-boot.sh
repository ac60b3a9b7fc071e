#!/bin/bash
# Run once by cloud-init, from the card's boot partition: moves the secrets to where only root reads them, takes them off
# this partition, which every computer reads, and installs affectd.
# Usage: first-boot.sh PACKAGE    a file in this folder, or an address (https://)
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
boot=$(dirname "$here")
package=${1:?usage: first-boot.sh PACKAGE}

# What it overwrites may still lie in the card's spare blocks: nobody else has had the card by then.
wipe() {
  shred --iterations=1 --zero --remove=unlink "$1" 2>/dev/null || rm -f "$1"
}

if [ -e "$here/mqtt-password" ]; then
  install -d -m 700 /etc/credstore
  install -m 600 "$here/mqtt-password" /etc/credstore/mqtt-password
  wipe "$here/mqtt-password"
fi
if grep -qs 'password:' "$boot/network-config"; then
  # The key is in netplan's file by now, which only root reads.
  sed '/password:/d' "$boot/network-config" >"$here/network-config.without"
  wipe "$boot/network-config"
  mv "$here/network-config.without" "$boot/network-config"
fi
# All has been said; said again, what is left here would take the network away.
touch /etc/cloud/cloud-init.disabled
sync

case $package in
  https://*)
    curl --fail --location --retry 10 --retry-all-errors --output /var/tmp/affectd.deb "$package"
    package=/var/tmp/affectd.deb
    ;;
  *) package=$here/$package ;;
esac
# The configuration is written already, and stays.
DEBIAN_FRONTEND=noninteractive apt-get install --yes -o Dpkg::Options::=--force-confold "$package"
systemctl enable --now affectd.service
