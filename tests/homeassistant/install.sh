#!/usr/bin/env bash
# Home Assistant in a Debian root of its own, for the tests here: about 1.2 GB and ten minutes, once.
# Usage: install.sh FOLDER [front-end]    The root is made in FOLDER/root; run again, it goes on where it was.
# HOMEASSISTANT (as 2026.11 or 2026.2.3), DEBIAN_MIRROR and pip's own PIP_INDEX_URL may be set in the environment.
set -euo pipefail

folder=${1:?usage: install.sh FOLDER [front-end]}
version=${HOMEASSISTANT:-2026.2.3}
root=$folder/root
# 2026.2 is the last for Python 3.13, which is Debian 13's; what came later wants 3.14, which is Debian 14's.
case $version in
  202[0-5].* | 2026.[12] | 2026.[12].*) suite=trixie ;;
  *) suite=forky ;;
esac

if [ "$(id -u)" -ne 0 ]; then
  echo "a Debian root can be made by root alone: run this with sudo" >&2
  exit 69
fi
if ! command -v debootstrap >/dev/null; then
  echo "debootstrap is missing: make deps SLOW=1" >&2
  exit 69
fi

mkdir -p "$folder"
if [ ! -e "$folder/.debian" ]; then
  echo "making a Debian $suite root in $root"
  rm -rf --one-file-system "$root"
  # A debootstrap older than the suite has no script of that name; sid's is right for it.
  script=/usr/share/debootstrap/scripts/sid
  [ ! -e "/usr/share/debootstrap/scripts/$suite" ] || script=
  mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 '/debian/*$' || true)}
  debootstrap --variant=minbase --include=ca-certificates,gcc,libc6-dev,python3-dev,python3-venv,python3-pip \
    "$suite" "$root" "${mirror:-http://deb.debian.org/debian}" ${script:+"$script"}
  touch "$folder/.debian"
fi

# What the machine needs to reach its package index: its name servers and its authorities.
cp --remove-destination /etc/resolv.conf "$root/etc/resolv.conf"
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
fi
inside() {
  chroot "$root" /usr/bin/env -i PATH=/venv/bin:/usr/bin:/bin HOME=/root LANG=C.UTF-8 \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=on \
    ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} "$@"
}

if [ ! -e "$folder/.homeassistant-$version" ]; then
  echo "installing Home Assistant $version"
  [ -x "$root/venv/bin/python" ] || inside python3 -m venv /venv
  inside pip install "homeassistant==$version.*"
  # Its fixtures want one version of it alone, and are days late for a new one: the newest, and what they want but that.
  inside pip install --no-deps pytest-homeassistant-custom-component
  inside python -c 'from importlib.metadata import requires
for wanted in requires("pytest-homeassistant-custom-component"):
    if not wanted.startswith("homeassistant=="): print(wanted)' >"$root/fixtures.txt"
  inside pip install -r /fixtures.txt
  packages=$(inside python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  # MQTT's own requirements, which Home Assistant would fetch while it runs.
  for component in mqtt hassio; do
    grep -o '[a-z-]*==[0-9.]*' "$root$packages/homeassistant/components/$component/manifest.json"
  done >"$root/mqtt.txt"
  inside pip install -r /mqtt.txt
  # The real front end is large, always loaded and not needed here.
  mkdir -p "$root$packages/hass_frontend"
  printf '%s\n' 'from pathlib import Path' '' '' 'def where():' '    return Path(__file__).parent' \
    >"$root$packages/hass_frontend/__init__.py"
  touch "$folder/.homeassistant-$version"
fi
if [ "${2:-}" = front-end ] && [ ! -e "$folder/.front-end-$version" ]; then
  echo "installing its front end, 260 MB"
  packages=$(inside python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  wanted=$(grep -o 'home-assistant-frontend==[0-9.]*' "$root$packages/homeassistant/components/frontend/manifest.json")
  rm -rf "$root/frontend"
  # What the packages of all entities import, which the front end asks for; what needs a compiler and a microphone is stood in for.
  inside pip install --no-deps --target /frontend -c "$packages/homeassistant/package_constraints.txt" "$wanted" \
    hassil home-assistant-intents mutagen ha-ffmpeg PyTurboJPEG unicode-rbnf
  echo "class MicroVad: pass" >"$root/frontend/pymicro_vad.py"
  echo "class AudioProcessor: pass" >"$root/frontend/pyspeex_noise.py"
  touch "$folder/.front-end-$version"
fi
echo "Home Assistant $version is in $root"
