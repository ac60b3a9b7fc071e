#!/usr/bin/env bash
# RabbitMQ and NATS of Debian 13, and the NATS of the Debian after it, unpacked in a folder of their own: nothing is installed on
# this machine, and no service starts.
# Usage: install.sh FOLDER    They are in FOLDER/root (200 MB; 100 MB to download; a minute); run again, it goes on where it was.
set -euo pipefail

mkdir -p "${1:?usage: install.sh FOLDER}"
folder=$(cd "$1" && pwd)
# shellcheck source=tests/debian.sh
. "$(dirname "$0")/../debian.sh"
packages=(base-files coreutils dash gawk grep hostname libc-bin nats-server procps rabbitmq-server sed)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

require_root
require_tool apt-get apt
require_tool ip iproute2
made_of=$(sha256sum <"$0")
if [ "$(cat "$folder/.unpacked" 2>/dev/null)" = "$made_of" ]; then
  echo "RabbitMQ and NATS are in $folder/root"
  exit 0
fi
if [ ! -e "$keyring" ]; then
  echo "the keys of Debian's archive are missing: sudo apt-get install debian-archive-keyring" >&2
  exit 69
fi

rm -rf --one-file-system "$folder/root" "$folder/apt"
mkdir -p "$folder"/root/{dev,proc,run,tmp,newer}
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 '/debian/*$' || true)}

# fetch SUITE PACKAGE...    these and what they need, in $folder/apt/SUITE/archives
fetch() {
  local suite=$1 apt=$folder/apt/$1 settings
  shift
  mkdir -p "$apt"/{lists/partial,archives/partial}
  : >"$apt/status"
  echo "deb [signed-by=$keyring] ${mirror:-https://deb.debian.org/debian} $suite main" >"$apt/sources.list"
  # An apt that knows of this machine nothing but how it reaches the mirror.
  settings=(-o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt"
    -o Dir::Cache::archives="$apt/archives" -o Dir::Etc::sourcelist="$apt/sources.list"
    -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null
    -o APT::Sandbox::User=root)
  apt-get "${settings[@]}" update -qq
  apt-get "${settings[@]}" install -y -qq --no-install-recommends --download-only "$@"
}

fetch "$suite" "${packages[@]}"
# base-files first: it has the links by which /bin is /usr/bin.
for package in "$folder/apt/$suite"/archives/base-files_*.deb "$folder/apt/$suite"/archives/*.deb; do
  dpkg-deb --extract "$package" "$folder/root"
done
# The one to which a cluster is upgraded; its program runs on the older C library.
fetch forky nats-server
dpkg-deb --extract "$folder"/apt/forky/archives/nats-server_*.deb "$folder/root/newer"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$folder/root/etc/passwd"
printf 'root:x:0:\n' >"$folder/root/etc/group"
printf '127.0.0.1 localhost\n' >"$folder/root/etc/hosts"
# Erlang turns in circles where these are missing.
cp -a /dev/null /dev/zero /dev/random /dev/urandom "$folder/root/dev/"
rm -rf "$folder/apt"
echo "$made_of" >"$folder/.unpacked"
echo "RabbitMQ and NATS are in $folder/root"
