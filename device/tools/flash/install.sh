#!/bin/bash
# Run by affectd-install.service at every start, and every minute, until it has succeeded: installs the package in this
# folder, or the one at the address in package-url, and starts the service.
# What it has come to is in status.txt here, and in: systemctl status affectd-install
set -uo pipefail

here=$(dirname "$(readlink -f "$0")")
log=/run/affectd-install.log

# say SENTENCE    where the maker looks; the card is written only when it is another sentence than before
say() {
  echo "$1"
  systemd-notify --status="$1" || true
  [ "$(cut -d' ' -f2- "$here/status.txt" 2>/dev/null)" = "$1" ] && return
  echo "$(date -u +%FT%TZ) $1" >"$here/status.txt" && sync "$here/status.txt"
}

fail() {
  say "affectd is not installed yet: $1; it is tried again every minute, and at every start"
  exit 1
}

# why LOG    what apt or dpkg said first of what went wrong: the rest mostly follows from it
why() {
  grep -m 1 -oE '[a-z0-9.+:-]+ : Depends:.*' "$1" || grep -m 1 -E '^(E:|W: Failed to fetch|dpkg: error)' "$1"
}

if [ -s /etc/credstore/affectd-login ] && chpasswd </etc/credstore/affectd-login; then
  shred --iterations=1 --zero --remove=unlink /etc/credstore/affectd-login 2>/dev/null || rm -f /etc/credstore/affectd-login
fi

# Where later versions come from; apt takes none that this key has not signed.
if [ -s "$here/affectd.sources" ]; then
  install -D -m 644 "$here/affectd-archive-keyring.gpg" /etc/apt/keyrings/affectd-archive-keyring.gpg &&
    install -D -m 644 "$here/52affectd" /etc/apt/apt.conf.d/52affectd &&
    sed "s/CODENAME/$(. /etc/os-release && echo "$VERSION_CODENAME")/" "$here/affectd.sources" |
    install -D -m 644 /dev/stdin /etc/apt/sources.list.d/affectd.sources || fail "the repository cannot be set up"
fi

package=$(find "$here" -maxdepth 1 -name 'affectd*.deb' | sort -V | tail -1)
if [ -s "$here/package-url" ]; then
  # Nobody but root may write there, and put another file in its place.
  install -d -m 700 /var/cache/affectd-install
  package=/var/cache/affectd-install/affectd.deb
  { read -r url && read -r digest; } <"$here/package-url" || fail "package-url has no SHA-256: flash the card again"
  curl --fail --location --proto =https --proto-redir =https --max-filesize 500000000 --no-progress-meter \
    --connect-timeout 30 --speed-time 60 --output "$package" "$url" 2>"$log" || fail "$url cannot be fetched: $(tail -1 "$log")"
  sha256sum --check --status <<<"${digest%$'\r'}  $package" || {
    rm -f "$package"
    fail "what $url gives is not the package that the card was made for: it has another SHA-256"
  }
elif [ -z "$package" ]; then
  [ -s "$here/affectd.sources" ] ||
    fail "there is no affectd_*.deb in the folder affectd of the card's boot partition: copy it there"
  package=affectd
fi
if [ "$package" != affectd ]; then
  dpkg-deb --fsys-tarfile "$package" >/dev/null 2>"$log" || fail "$(basename "$package") is damaged: copy it again"
  made_for=$(dpkg-deb --field "$package" Architecture) system=$(dpkg --print-architecture)
  [ "$made_for" = "$system" ] || [ "$made_for" = all ] ||
    fail "$(basename "$package") is for another processor, $made_for, and this system is $system: copy the right one there"
fi

# A camera's address may hold a password: the service reads the configuration, and nobody else.
if [ -e /etc/affectd/config.yaml ]; then
  systemd-sysusers --inline 'u affectd - "affectd, the emotion sensor" /var/lib/affectd' &&
    chgrp affectd /etc/affectd/config.yaml && chmod 640 /etc/affectd/config.yaml ||
    fail "the configuration cannot be given to the user affectd"
fi

# The hash of the page's password, which the service reads.
if [ -s /etc/credstore/affectd-page-password ]; then
  systemd-sysusers --inline 'u affectd - "affectd, the emotion sensor" /var/lib/affectd' &&
    install -d -o affectd -g affectd -m 700 /var/lib/affectd &&
    install -o affectd -g affectd -m 600 /etc/credstore/affectd-page-password /var/lib/affectd/page-password &&
    rm -f /etc/credstore/affectd-page-password ||
    fail "the password of the page cannot be given to the user affectd"
fi

# What a power cut has interrupted comes first. The configuration is written already, and stays.
export DEBIAN_FRONTEND=noninteractive
{
  dpkg --force-confold --configure -a
  [ "$package" != affectd ] || apt-get update
  apt-get install --yes -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold "$package"
} 2>&1 | tee "$log"
[ "${PIPESTATUS[0]}" -eq 0 ] || fail "$(why "$log")"

if [ -s "$here/detector.onnx" ]; then
  install -D -m 644 -t /usr/local/share/affectd "$here/detector.onnx" "$here/yunet-licence.txt"
fi
systemctl enable --now affectd.service || true
# The page may then change the configuration.
[ ! -e /var/lib/affectd/page-password ] || systemctl enable --now affectd-page-change.path || true

# What the camera and updates need, from the folder packages beside this file, else from the network.
missing=()
while read -r name; do
  dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
done < <(cat "$here/needs" 2>/dev/null)
# add NAME...
add() { apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=600 "$@"; }
if [ ${#missing[@]} -gt 0 ]; then
  shopt -s nullglob
  further=("$here"/packages/*.deb)
  # Once: where it fails every minute, the card is not to be written every minute.
  grep -qs 'which the card asks for, is not' "$here/status.txt" ||
    say "affectd is installed, and ${missing[*]} is being installed"
  { [ ${#further[@]} -gt 0 ] && add "${further[@]}" "${missing[@]}"; } >"$log" 2>&1 || {
    # One mirror that does not answer need not be the one that has it.
    apt-get update
    add "${further[@]}" "${missing[@]}"
  } >"$log" 2>&1
  result=$?
  cat "$log"
  [ $result -eq 0 ] || {
    say "affectd is installed, and ${missing[*]}, which the card asks for, is not: $(why "$log"); it is tried again every minute, and at every start"
    exit 1
  }
  systemctl restart affectd.service || true
fi
# Said again, what is left on the boot partition would take the network away.
touch /etc/cloud/cloud-init.disabled
sync
rm -rf /var/cache/affectd-install
systemctl --no-reload disable affectd-install.service
rm -f /etc/systemd/system/affectd-install.service
say "affectd is installed, and said at first: $(systemctl show affectd.service --property=StatusText --value)"
