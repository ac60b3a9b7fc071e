#!/usr/bin/env bash
# Installs what the tests need besides Python packages, with apt and as root or by sudo. What is there stays as it is.
# Usage: deps.sh [slow]    With `slow` also what the slow targets make their own systems with.
set -euo pipefail

# A file that shows that a package is there, a colon, and its name; `*` stands for anything.
needed=(
  /usr/sbin/mosquitto:mosquitto                                 # the broker that the daemon is held to
  /usr/bin/mosquitto_passwd:mosquitto
  /usr/bin/Xvfb:xvfb                                            # a real X server, for the overlay's window
  /usr/bin/xdotool:xdotool
  /usr/bin/openbox:openbox
  /usr/bin/weston:weston                                        # and a Wayland one
  /usr/bin/ffmpeg:ffmpeg                                        # a stream over HTTP
  /usr/bin/openssl:openssl                                      # certificates for TLS
  /usr/bin/prometheus-mqtt-exporter:prometheus-mqtt-exporter    # figures of a sensor
  /usr/bin/gcc:gcc                                              # a delegate that stands in for an accelerator's
  /usr/bin/systemd-analyze:systemd                              # reads the units
  "/usr/lib/*/girepository-1.0/GstRtspServer-1.0.typelib:gir1.2-gst-rtsp-server-1.0" # an RTSP camera
  /usr/lib/python3/dist-packages/gi/__init__.py:python3-gi
  "/usr/lib/*/gstreamer-1.0/libgstvideotestsrc.so:gstreamer1.0-plugins-base"
  "/usr/lib/*/gstreamer-1.0/libgstrtp.so:gstreamer1.0-plugins-good"
  "/usr/lib/*/gstreamer-1.0/libgstx264.so:gstreamer1.0-plugins-ugly"
)
if [ "${1:-}" = slow ]; then
  needed+=(
    /usr/bin/chromium:chromium                                  # test-page
    /usr/bin/chromedriver:chromium-driver
    /usr/sbin/debootstrap:debootstrap                           # test-homeassistant, test-picamera2, test-nspawn, test-vm
    /usr/bin/systemd-nspawn:systemd-container                   # test-nspawn, test-steady
    /usr/sbin/dnsmasq:dnsmasq-base                              # test-card
    /usr/bin/mosquitto_sub:mosquitto-clients
    /usr/bin/ssh:openssh-client
    /usr/sbin/ip:iproute2
    /usr/bin/qemu-aarch64-static:qemu-user-static               # test-arm64
    /usr/sbin/update-binfmts:binfmt-support
    /usr/bin/qemu-system-x86_64:qemu-system-x86                 # test-vm
    /usr/bin/qemu-img:qemu-utils
    /sbin/mke2fs:e2fsprogs
    /sbin/mkfs.vfat:dosfstools
    /usr/bin/mcopy:mtools
    /usr/bin/minisign:minisign                                  # test-attacks
    /usr/sbin/ip:iproute2
    /usr/bin/unshare:util-linux
    /usr/bin/dh:debhelper                                       # deb, whose packages test-nspawn and test-vm install
    /usr/bin/dpkg-buildpackage:dpkg-dev
    /usr/bin/apt-ftparchive:apt-utils                           # repo
    /usr/bin/gpg:gpg
    /usr/bin/promtool:prometheus                                # reads the alerts
    /usr/bin/node:nodejs                                        # test-monitoring
    /usr/bin/npm:npm
    /usr/bin/podman:podman                                      # test-container
    /usr/sbin/runc:runc
  )
fi

missing=()
for line in "${needed[@]}"; do
  compgen -G "${line%%:*}" >/dev/null || missing+=("${line#*:}")
done
[ ${#missing[@]} -gt 0 ] || { echo "all that the tests need is here"; exit 0; }

if ! command -v apt-get >/dev/null; then
  echo "this machine has no apt-get: install by other means what Debian calls ${missing[*]}" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "become root, for there is no sudo here, and install: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
