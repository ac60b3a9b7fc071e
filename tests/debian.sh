# A Debian root for the slow suites that need another system than the one at hand; sourced by their install.sh.
# DEBIAN_MIRROR and pip's own PIP_INDEX_URL may be set in the environment.
# Exit code 69 means that this machine cannot make one.

# Of which release and which processor; none is this machine's own.
suite=trixie
architecture=
# debootstrap's: minbase is the least that can be, an empty one what every Debian has.
variant=minbase
python=(python3-pip python3-venv)
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

require_root() {
  if [ "$(id -u)" -ne 0 ]; then
    echo "a Debian root can be made by root alone: run this with sudo" >&2
    exit 69
  fi
}

# require_tool COMMAND PACKAGE
require_tool() {
  if ! command -v "$1" >/dev/null; then
    echo "$1 is missing: make deps SLOW=1, or sudo apt-get install $2" >&2
    exit 69
  fi
}

# require_processor PROCESSOR    whether programs for it run here, by emulation if need be
require_processor() {
  [ "$(uname -m)" = "$1" ] && return
  require_tool "qemu-$1-static" qemu-user-static
  require_tool update-binfmts binfmt-support
  local registered=/proc/sys/fs/binfmt_misc
  [ -e "$registered/status" ] || mount -t binfmt_misc binfmt_misc "$registered" || true
  [ -e "$registered/qemu-$1" ] || update-binfmts --enable "qemu-$1" || true
  if [ ! -e "$registered/qemu-$1" ]; then
    echo "the kernel does not let programs for $1 be emulated here: sudo update-binfmts --enable qemu-$1" >&2
    exit 69
  fi
}

# make_debian ROOT PACKAGE...
make_debian() {
  local root=$1 mirror
  shift
  echo "making a Debian root ($suite) in $root"
  rm -rf --one-file-system "$root"
  mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 '/debian/*$' || true)}
  debootstrap ${architecture:+--arch="$architecture"} ${variant:+--variant="$variant"} --include=ca-certificates "$suite" "$root" ${mirror:+"$mirror"}
  # What the machine needs to reach its package index: its name servers and its authorities.
  cp --remove-destination /etc/resolv.conf "$root/etc/resolv.conf"
  if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  fi
  [ -e "$root/etc/hosts" ] || printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' >"$root/etc/hosts"
  # Documentation would only make the root larger, and what a power cut takes is made again.
  printf 'path-exclude=/usr/share/%s/*\n' doc man locale >"$root/etc/dpkg/dpkg.cfg.d/small"
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/fast"
  # No service of the root may start on this machine.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  inside "$root" apt-get update -qq
  inside "$root" apt-get install -qq --no-install-recommends "${python[@]}" "$@"
  inside "$root" apt-get clean
  rm "$root/usr/sbin/policy-rc.d"
}

# inside ROOT COMMAND...
inside() {
  local root=$1
  shift
  chroot "$root" /usr/bin/env -i PATH=/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} "$@"
}

# install_requirements ROOT EXTRA...    affectd's dependencies into ROOT's /venv, with those of its extras
# ROOT/root/installed is written when that has changed anything.
install_requirements() {
  local root=$1 wanted
  shift
  [ -x "$root/venv/bin/python" ] || inside "$root" python3 -m venv --system-site-packages /venv
  cp "$repository/pyproject.toml" "$repository/constraints.txt" "$root/root/"
  inside "$root" python -c '
import sys, tomllib
project = tomllib.load(open("/root/pyproject.toml", "rb"))["project"]
extras = [line for extra in sys.argv[1:] for line in project["optional-dependencies"][extra]]
print(*project["dependencies"], *extras, sep="\n")' "$@" >"$root/root/requirements.txt"
  wanted=$(cat "$root/root/requirements.txt" "$root/root/constraints.txt" | sha256sum)
  if [ ! -e "$root/root/installed" ] || [ "$(cat "$root/root/installed")" != "$wanted" ]; then
    echo "installing affectd's dependencies"
    inside "$root" pip install --quiet -c /root/constraints.txt -r /root/requirements.txt
    echo "$wanted" >"$root/root/installed"
  fi
}
