#!/usr/bin/env bash
# The example's three root file systems (examples/hello: exactly its packages and platforms), by consign in one command, and by mmdebstrap
# (variant extract, once per architecture, foreign ones too: extract runs nothing), in one run. Seconds are medians of three rounds; the rounds of
# the two alternate, so that both see the same machine, which should have nothing else to do: consign uses all processors, mmdebstrap one.
# Processor time, of all processors together, depends less on that.
#
# No figure has a download in it. What both need is brought into one folder first, a mirror of what apt would download; then
#   mmdebstrap  copies indexes and packages from that folder (`copy:`), reads the indexes, chooses, unpacks each package, and writes a plain tar;
#   consign     reads the same folder (`file:`), verifies the signature and every digest, chooses, unpacks, makes what maintainer scripts would
#               have made, compresses layers with gzip, and writes images, inventories (SPDX) and provenance to its store, flushed to the disk.
# consign is measured three times:
#   raw files   nothing is there but the folder, as for mmdebstrap.
#   cold        nothing of an earlier build is there: no image, no layer, no part of a layer, no choice, no inventory. What consign made of the
#               downloads when it first had them in hand is: indexes by name, and packages repacked from xz to zstd. Neither has anything of an image.
#   warm        all is there, and nothing has changed.
# Usage: cargo xtask bench deb     Needs mmdebstrap, apt-get and curl.
set -euo pipefail
: "${CONSIGN:?run this as \`cargo xtask bench deb\`}"
for program in mmdebstrap apt-get curl; do
    command -v "$program" > /dev/null || { echo "not run: $program"; exit 0; }
done
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # mmdebstrap unpacks as another user
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
packages=$(sed -n 's/^packages: \[\(.*\)\]/\1/p' "$here/examples/hello/image.yaml" | tr -d ' ')
platforms=$(sed -n 's/^platforms: \[\(.*\)\]/\1/p' "$here/examples/hello/image.yaml" | tr -d ',')
architectures=$(echo "$platforms" | sed 's|linux/||g; s|ppc64le|ppc64el|; s|arm/v7|armhf|')
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

echo "Downloading for $platforms …"
for architecture in $architectures; do
    state=$work/apt/$architecture
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    apt=(apt-get -qq -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture" -o "Dir::State::lists=$state/lists"
        -o Dir::State::status=/dev/null -o "Dir::Cache=$state/cache" -o Acquire::Languages=none -o APT::Install-Recommends=false
        -o "APT::Sandbox::User=$(id -un)" -o Dir::Etc::SourceParts=/dev/null -o "Dir::Etc::SourceList=$work/sources.list")
    if [ ! -e "$work/sources.list" ]; then
        # The suite itself, where this machine has it from. Updates are left out: some mirrors lack those of some architectures.
        address=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT) $(CREATED_BY)' 2> /dev/null \
            | awk -v suite="$suite" '$2 == suite && $3 == "main" && $4 == "Packages" { print $1; exit }')
        : "${address:=$(grep -rhoE 'https?://[^ ]+' /etc/apt/sources.list /etc/apt/sources.list.d 2> /dev/null | grep -m 1 '/debian/*$')}"
        echo "deb [signed-by=$keyring] $address $suite main" > "$work/sources.list"
    fi
    "${apt[@]}" update
    folder=dists/$suite/main/binary-$architecture
    mkdir -p "$work/mirror/$folder"
    curl -fsS -o "$work/mirror/dists/$suite/InRelease" "${address%/}/dists/$suite/InRelease"
    curl -fsS -o "$work/mirror/$folder/Packages.xz" "${address%/}/$folder/Packages.xz"
    "${apt[@]}" install --yes --print-uris ${packages//,/ } | tr -d "'" | while read -r uri _; do
        path=pool/${uri#*/pool/}
        path=$work/mirror/$(printf '%b' "${path//%/\\x}")
        mkdir -p "$(dirname "$path")"
        [ -e "$path" ] || curl -fsS -o "$path" "$uri"
    done
done

cp -r "$here/examples/hello" "$work/hello"
rm -rf "$work/hello/cosign.key" "$work/hello/consign.lock" "$work/hello/registry"
sed -i '/^signing:/,/^$/d; /tests:/,/^$/d; s|^  - source:|  - tags: [bench]\n    source:|' "$work/hello/consign.yaml"
sed -i "1a suite: $suite" "$work/hello/image.yaml"
cat >> "$work/hello/consign.yaml" << EOF

debian:
  mirrors:
    - uri: file://$work/mirror
      suites: [$suite]
      signed-by: $keyring
EOF

exec 3>&2
measure() { # prints how long a command takes, and how much processor time, in seconds
    local TIMEFORMAT='%R %U %S'
    { time "$@" > "$work/log" 2>&1 || { cat "$work/log" >&3; exit 1; }; } 2>&1 | awk 'NF == 3 { print $1, $2 + $3 }'
}
build() { "$CONSIGN" -C "$work/hello" --store "$work/store" --quiet build; }
all_by_mmdebstrap() {
    for architecture in $architectures; do
        mmdebstrap --quiet --variant=extract --architectures="$architecture" --include="$packages" --keyring="$keyring" \
            "$suite" "$work/$architecture.tar" "deb copy://$work/mirror $suite main"
    done
}
median() { sort -n "$work/$1" | sed -n 2p; }

for round in 1 2 3; do
    echo "Round $round …"
    rm -rf "$work/store"
    measure build >> "$work/raw"
    # All goes but what was made of the downloads.
    find "$work/store" -type f ! -name 'index-*' ! -name 'package-*' -delete
    measure build >> "$work/cold"
    measure build >> "$work/warm"
    measure all_by_mmdebstrap >> "$work/other"
done
other=$(median other)
line() { echo "$other $2" | awk -v name="$1" '{ printf "%-58s %8.2f %8.1f %10.2f\n", name, $3, $1 / $3, $4 }'; }
layers=$(find "$work/store" -path '*/blobs/*' -size +1M -printf '%s\n' | awk '{ sum += $1 } END { printf "%.1f", sum / 1e6 }')
echo
echo "$(echo "$platforms" | wc -w) platforms, $(nproc) processors; no figure includes a download. consign's layers, gzip: $layers MB"
printf '%-58s %8s %8s %10s\n' "" seconds ratio "processor"
line "mmdebstrap --variant=extract, one after the other" "$other"
line "consign build, from raw files (as mmdebstrap)" "$(median raw)"
line "consign build, cold (downloads unpacked, nothing built)" "$(median cold)"
line "consign build, warm (nothing changed)" "$(median warm)"
