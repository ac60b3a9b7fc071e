#!/usr/bin/env bash
# Debian packages of affectd with all that it needs, one for each release of Debian and each processor.
# Usage: build.sh UV FOLDER [deb12|deb13]-[amd64|arm64]...    UV is uv's path; the packages end up in FOLDER.
# Nothing is compiled, so that any processor can make any of them; Debian's debhelper puts them together.
set -euo pipefail

uv=$(realpath "${1:?usage: build.sh UV FOLDER [NAME...]}")
folder=$(realpath -m "${2:?usage: build.sh UV FOLDER [NAME...]}")
shift 2
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(deb12-amd64 deb12-arm64 deb13-amd64 deb13-arm64)

for program in dpkg-buildpackage:dpkg-dev dh:debhelper; do
  command -v "${program%%:*}" >/dev/null || { echo "${program%%:*} is missing: sudo apt-get install ${program#*:}" >&2; exit 69; }
done

# A network for finding faces, which is not in the repository: one of those that affectd knows by their SHA-256.
detector=${DETECTOR:+$(realpath "$DETECTOR")}
if [ -n "$detector" ] && ! grep -q "\"$(sha256sum "$detector" | cut -d' ' -f1)\"" "$repository/device/detect/networkfile.py"; then
  echo "DETECTOR=$DETECTOR is no network that affectd knows; see KNOWN in device/detect/networkfile.py" >&2
  exit 2
fi

version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$repository/pyproject.toml")
# A package of the same version is an upgrade of the one before, and a release one of all that came before it.
revision=${AFFECTD_REVISION:-1}
date=$(git -C "$repository" log -1 --format=%cD 2>/dev/null || date -R)
export SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(date -d "$date" +%s)

mkdir -p "$folder"
rm -rf "$folder/wheel"
"$uv" build --quiet --wheel --out-dir "$folder/wheel" "$repository"

# environment ROOT RELEASE PYTHON PROCESSOR    the virtual environment as it is to lie under ROOT
environment() {
  local root=$1 release=$2 python=$3 processor=$4 packages
  packages=$root/opt/affectd/lib/python$python/site-packages
  mkdir -p "$packages" "$root/opt/affectd/bin"
  local into=(--quiet --target "$packages" --python-version "$python" --python-platform "$processor-manylinux_2_34"
    --only-binary :all: --no-deps --link-mode copy)
  # Of each package the version that was tested, and only a file whose SHA-256 is written there (make lock).
  # From elsewhere, for uv would take pyproject.toml's own constraint for a requirement without a hash.
  (cd / && "$uv" pip install "${into[@]}" --require-hashes --requirements "$here/requirements-$release.txt")
  "$uv" pip install "${into[@]}" "$folder"/wheel/*.whl
  rm -rf "$packages/bin" "$packages/.lock"
  # What no device needs: other makers' processors, tests and manuals.
  rm -rf "$packages"/ai_edge_litert/{libLiteRtWebGpuAccelerator.so,tools,vendors} "$packages"/pygame/{docs,examples,tests}
  find "$packages" -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} +
  ln -s /usr/bin/python3 "$root/opt/affectd/bin/python3"
  ln -s python3 "$root/opt/affectd/bin/python"
  printf '%s\n' 'home = /usr/bin' 'include-system-site-packages = true' "version = $python" >"$root/opt/affectd/pyvenv.cfg"
  printf '%s\n' '#!/opt/affectd/bin/python3' 'import sys' 'from device.commands import main' 'sys.exit(main())' \
    >"$root/opt/affectd/bin/affectd"
  chmod 755 "$root/opt/affectd/bin/affectd"
}

build() {
  local release=$1 architecture=$2 python following processor tree
  case $release in
    deb12) python=3.11 following=3.12 ;;
    deb13) python=3.13 following=3.14 ;;
    *) echo "no such release: $release, expected deb12 or deb13" >&2; exit 2 ;;
  esac
  case $architecture in
    amd64) processor=x86_64 ;;
    arm64) processor=aarch64 ;;
    *) echo "no such processor: $architecture, expected amd64 or arm64" >&2; exit 2 ;;
  esac
  tree=$folder/$release-$architecture/affectd-$version
  rm -rf "$folder/$release-$architecture"
  mkdir -p "$tree/debian"
  cp -r "$repository"/{config.yaml,README.md,docs,systemd} "$tree/"
  cp "$here"/{rules,docs,examples,install,lintian-overrides,links,postinst,postrm,prerm} "$tree/debian/"
  sed "s/@PYTHON@/python3 (>= $python), python3 (<< $following~)/" "$here/control" >"$tree/debian/control"
  cp "$repository/LICENSE" "$tree/debian/copyright"
  cp "$repository/systemd/affectd.service" "$tree/debian/"
  cp "$repository/systemd/affectd.sysusers" "$repository/systemd/affectd.tmpfiles" "$tree/debian/"
  cp "$repository/systemd/60-affectd.rules" "$tree/debian/affectd.udev"
  environment "$tree/environment" "$release" "$python" "$processor"
  if [ -n "$detector" ]; then
    install -D -m 644 "$detector" "$tree/environment/usr/share/affectd/detector.onnx"
    install -D -m 644 "$repository/device/tools/flash/yunet-licence.txt" "$tree/environment/usr/share/affectd/yunet-licence.txt"
    { echo; cat "$repository/device/tools/flash/yunet-licence.txt"; } >>"$tree/debian/copyright"
  fi
  if [ "$release" != deb12 ]; then
    install -D -m 644 "$repository/systemd/restart-steps.conf" \
      "$tree/environment/usr/lib/systemd/system/affectd.service.d/restart-steps.conf"
    install -D -m 644 "$repository/systemd/restart-steps.conf" \
      "$tree/environment/usr/lib/systemd/system/affectd@.service.d/restart-steps.conf"
  fi
  printf 'affectd (%s-%s~%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- The affectd maintainers <affectd@localhost>  %s\n' \
    "$version" "$revision" "$release" "$date" >"$tree/debian/changelog"
  (cd "$tree" && dpkg-buildpackage --build=binary --host-arch="$architecture" --no-check-builddeps --no-sign \
    >"$folder/$release-$architecture/log" 2>&1) || { tail -40 "$folder/$release-$architecture/log" >&2; exit 1; }
  mv "$folder/$release-$architecture/"affectd_*.deb "$folder/"
  rm -rf "$tree"
}

for name in "${wanted[@]}"; do
  build "${name%%-*}" "${name#*-}"
done
rm -rf "$folder/wheel"
# What `affectd flash --package-sha256` is given, and what a release signs.
(cd "$folder" && sha256sum affectd_*.deb >SHA256SUMS)
ls -l "$folder"/*.deb
