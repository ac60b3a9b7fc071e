#!/bin/bash
# Run by cloud-init from the card's boot partition, early in every start until affectd is installed: moves the secrets to
# where only root reads them, takes them off this partition, which every computer reads, and has affectd installed.
# The power may fail at any line: nothing is taken off before it is safe where it belongs.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
boot=$(dirname "$here")
taken=()

# take NAME DESTINATION MODE
take() {
  [ -s "$here/$1" ] || return 0
  install -D -m "$3" "$here/$1" "$2.new"
  mv "$2.new" "$2"
  taken+=("$here/$1")
}

mkdir -p -m 700 /etc/credstore
take mqtt-password /etc/credstore/mqtt-password 600
# cloud-init makes the user later in this start; affectd-install gives it this password then.
take page-password /etc/credstore/affectd-page-password 600
take login /etc/credstore/affectd-login 600
# A camera's address may hold a password too; affectd-install lets the service read it, once there is its user.
take config.yaml /etc/affectd/config.yaml 600
if grep -qs 'password:' "$boot/network-config"; then
  # By now cloud-init has made netplan's file of it, which only root reads.
  sed '/password:/d' "$boot/network-config" >"$here/network-config.without"
  taken+=("$boot/network-config")
fi
install -m 644 "$here/affectd-install.service" /etc/systemd/system/affectd-install.service
systemctl --no-reload enable affectd-install.service
sync

# What shred overwrites may still lie in the card's spare blocks: nobody else has had the card by then.
for secret in ${taken[@]+"${taken[@]}"}; do
  shred --iterations=1 --zero --remove=unlink "$secret" 2>/dev/null || rm -f "$secret"
done
[ ! -e "$here/network-config.without" ] || mv "$here/network-config.without" "$boot/network-config"
sync
# It waits for cloud-init's end, and this is a part of cloud-init.
systemctl --no-block start affectd-install.service
