#!/usr/bin/env bash
# A signed apt repository of the packages, which any web server can serve as it is: files alone.
# Usage: repo.sh PACKAGES FOLDER KEY [URL]    KEY is a secret key of gpg's keyring, by its fingerprint or address; URL is
# where the folder will be served, and goes into affectd.sources. Run again with newer packages, it adds them.
set -euo pipefail

usage="usage: repo.sh PACKAGES FOLDER KEY [URL]"
packages=$(realpath "${1:?$usage}")
folder=$(realpath -m "${2:?$usage}")
key=${3:-}
url=${4:-https://example.org/affectd}
here=$(cd "$(dirname "$0")/../../device/tools/flash" && pwd)
declare -A suites=([deb12]=bookworm [deb13]=trixie)
architectures="amd64 arm64"

if [ -z "$key" ]; then
  echo "name the key that signs, as in make repo KEY=FINGERPRINT; gpg --quick-generate-key 'affectd packages' ed25519 sign 3y makes one" >&2
  exit 2
fi
for program in apt-ftparchive:apt-utils gpg:gpg; do
  command -v "${program%%:*}" >/dev/null || { echo "${program%%:*} is missing: sudo apt-get install ${program#*:}" >&2; exit 69; }
done
if ! gpg --batch --quiet --list-secret-keys "$key" >/dev/null 2>&1; then
  echo "gpg has no secret key $key: gpg --list-secret-keys shows those that it has" >&2
  exit 2
fi
compgen -G "$packages/affectd_*.deb" >/dev/null || { echo "no packages in $packages: make deb" >&2; exit 2; }

mkdir -p "$folder/pool"
for package in "$packages"/affectd_*.deb; do
  release=$(basename "$package" .deb)
  release=${release##*~}
  suite=${suites[${release%%_*}]:?no suite for $package}
  there=$folder/pool/$suite/$(basename "$package")
  # apt takes a file of another content under the name of one that it knows for an attack.
  if [ -e "$there" ] && ! cmp -s "$package" "$there"; then
    echo "$there is there with another content: build with a higher AFFECTD_REVISION" >&2
    exit 2
  fi
  install -D -m 644 "$package" "$there"
done

# Beside the old index, and in its place when it is whole.
new=$folder/.dists
rm -rf "$new"
for suite in "${suites[@]}"; do
  [ -d "$folder/pool/$suite" ] || continue
  for architecture in $architectures; do
    index=$new/$suite/main/binary-$architecture
    mkdir -p "$index"
    (cd "$folder" && apt-ftparchive --arch "$architecture" packages "pool/$suite") >"$index/Packages"
    gzip -9nk "$index/Packages"
  done
  option=APT::FTPArchive::Release
  release=$(cd "$new/$suite" && apt-ftparchive -o $option::Origin=affectd -o $option::Label=affectd \
    -o $option::Suite="$suite" -o $option::Codename="$suite" -o $option::Components=main \
    -o $option::Architectures="$architectures" release .)
  printf '%s\n' "$release" >"$new/$suite/Release"
  gpg --batch --yes --quiet --local-user "$key" --clearsign --output "$new/$suite/InRelease" "$new/$suite/Release"
  gpg --batch --yes --quiet --local-user "$key" --armor --detach-sign --output "$new/$suite/Release.gpg" "$new/$suite/Release"
done
gpg --batch --quiet --export "$key" >"$folder/affectd-archive-keyring.gpg"
rm -rf "$folder/.before"
[ ! -e "$folder/dists" ] || mv "$folder/dists" "$folder/.before"
mv "$new" "$folder/dists"
rm -rf "$folder/.before"

# What `affectd flash` puts on a card as well. A device fills in CODENAME, see docs/service.md.
sed "s|URL|${url%/}|" "$here/affectd.sources" >"$folder/affectd.sources"
install -m 644 "$here/52affectd" "$folder/52affectd"
echo "$folder: $(du -sh "$folder" | cut -f1), $(find "$folder/pool" -name '*.deb' | wc -l) packages, signed by $key"
