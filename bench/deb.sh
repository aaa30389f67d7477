#!/usr/bin/env bash
# The example's root file system for this machine's platform, by consign and by mmdebstrap (variant extract), in one run.
# Both download from the mirrors that apt is configured for; downloads are part of the first figure, since mmdebstrap keeps none.
# Usage: cargo xtask bench deb     Needs mmdebstrap.
set -euo pipefail
: "${CONSIGN:?run this as \`cargo xtask bench deb\`}"
command -v mmdebstrap > /dev/null || { echo "not run: mmdebstrap"; exit 0; }
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here/examples/hello" "$work/hello"
rm -f "$work/hello/cosign.key"
sed -i '/^signing:/,/^$/d; /tests:/,/^$/d; s|^  - source:|  - tags: [bench]\n    source:|' "$work/hello/consign.yaml"
platform=linux/$(dpkg --print-architecture | sed 's/ppc64el/ppc64le/; s/armhf/arm/')
packages=$(sed -n 's/^packages: \[\(.*\)\]/\1/p' "$work/hello/image.yaml" | tr -d ' ')
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

seconds() { # prints how long a command takes, in seconds
    local start end
    start=$(date +%s.%N)
    "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    end=$(date +%s.%N)
    echo "$end $start" | awk '{ printf "%.2f", $1 - $2 }'
}
build() { "$CONSIGN" -C "$work/hello" --store "$work/store" --quiet build --platform "$platform"; }

cold=$(seconds build)
rm -rf "$work/store/store"
kept=$(seconds build)
again=$(seconds build)
other=$(seconds mmdebstrap --quiet --variant=extract --include="$packages" "$suite" "$work/root.tar")
ratio() { echo "$other $1" | awk '{ printf "%.1f", $1 / $2 }'; }
printf '%-44s %8s %s\n' "" seconds "mmdebstrap ÷ consign"
printf '%-44s %8s\n' "mmdebstrap --variant=extract" "$other"
printf '%-44s %8s %s\n' "consign build, nothing kept" "$cold" "$(ratio "$cold")"
printf '%-44s %8s %s\n' "consign build, packages downloaded" "$kept" "$(ratio "$kept")"
printf '%-44s %8s %s\n' "consign build, nothing changed" "$again" "$(ratio "$again")"
