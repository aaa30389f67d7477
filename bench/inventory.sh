#!/usr/bin/env bash
# What the list of contents adds to a build: a Dockerfile that copies a root file system of about one gigabyte into an image, in one run. Seconds are
# medians of three rounds; the two alternate, so that both see the same machine, which should have nothing else to do.
#   listed      the files are in the image: they are looked at while they are written, the image is listed, and its SBOM (SPDX) is written.
#   unlisted    the same COPY in a stage of which the image takes an empty folder alone: the same layer is written, and nobody looks at it.
# The store is empty each time. `inventory` is the part of it that comes after the build, as progress says (nothing below 0.1 s).
# Usage: cargo xtask bench inventory     Needs mmdebstrap and python3
set -euo pipefail
: "${CONSIGN:?run this as \`cargo xtask bench inventory\`}"
source "$(dirname "$0")/large-image"
context=$work/context
if [ ! -e "$context/Dockerfile" ]; then
    rm -rf "$context"
    mkdir -p "$context/tree"
    "$CONSIGN" --store "$work/store" --quiet export "oci:$work/layout" "$work/root.tar"
    tar -x --no-same-owner --exclude=./dev --exclude='dev/*' -f "$work/root.tar" -C "$context/tree"
    rm "$work/root.tar"
    mkdir "$context/tree/nothing"
    printf 'FROM scratch\nCOPY tree /\n' > "$context/Dockerfile"
    printf 'FROM scratch AS files\nCOPY tree /\nFROM scratch\nCOPY --from=files /nothing /nothing\n' > "$context/unlisted.Dockerfile"
fi
build() { # FILE: prints how long it takes, in seconds
    rm -rf "$work/store"
    local TIMEFORMAT='%R'
    { time "$CONSIGN" -C "$context" -f "$1" --store "$work/store" --progress plain build > "$work/log" 2>&1 || { cat "$work/log" >&3; exit 1; }; } 2>&1 | tail -n 1
}
median() { sort -n "$work/$1" | sed -n 2p; }
exec 3>&2
rm -f "$work"/{listed,unlisted,inventory}
for round in 1 2 3; do
    echo "Round $round …"
    build unlisted.Dockerfile >> "$work/unlisted"
    build Dockerfile >> "$work/listed"
    { grep -o ' inventory ok.*(\([0-9.]*\) s)' "$work/log" | sed 's/.*(\(.*\) s)/\1/' || true; } | grep . >> "$work/inventory" || echo 0 >> "$work/inventory"
done
packages=$(grep -o '[0-9]* packages' "$work/log" | tail -n 1)
printf '%-24s %10s\n' "" seconds
for name in unlisted listed inventory; do printf '%-24s %10s\n' "$name" "$(median $name)"; done
awk -v with="$(median listed)" -v without="$(median unlisted)" -v packages="$packages" \
    'BEGIN { printf "the list of %s adds %.2f s, %.1f %% of the build\n", packages, with - without, 100 * (with - without) / without }'
