#!/usr/bin/env bash
# The example's image for three platforms to an empty registry, and once more, by skopeo and by consign, in one run.
# skopeo copies the image from a folder. consign sends it from its store with signatures, provenance, SBOMs and trial results, moves the tags and
# verifies all of it; the build is done before. Requests are those in the registry's log.
# Usage: cargo xtask bench publish     Needs skopeo, and what `cargo xtask demo` needs.
set -euo pipefail
: "${CONSIGN:?run this as \`cargo xtask bench publish\`}"
command -v skopeo > /dev/null || { echo "not run: skopeo"; exit 0; }
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
export COSIGN_PASSWORD= CONSIGN_STORE=$work/store
host=localhost:5083
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$work"' EXIT
cp -r "$here/examples/hello" "$work/hello"
cd "$work/hello"
rm -rf cosign.key cosign.pub registry
"$CONSIGN" --quiet keygen
# One destination, on a registry that is already there.
sed -i "/mirror\/hello-web/d; s|localhost:5080/hello/web|$host/consign/web:1|; /^registries:/,\$d" consign.yaml
"$CONSIGN" --quiet build --to "oci:$work/layout:1" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
"$CONSIGN" --quiet registry serve --root "$work/registry" --listen "127.0.0.1:${host#*:}" > /dev/null &
until curl -fs "http://$host/v2/" > /dev/null; do sleep 0.1; done

measure() { # NAME COMMAND…: prints requests, those that write, and seconds
    local name=$1 start end
    shift
    : > "$work/registry/access.log"
    start=$(date +%s.%N)
    "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    end=$(date +%s.%N)
    awk -v name="$name" -v seconds="$(echo "$end $start" | awk '{ print $1 - $2 }')" \
        '$2 ~ /^(POST|PUT|PATCH|DELETE)$/ { writes++ } END { printf "%-34s %8d %8d %8.2f\n", name, NR, writes, seconds }' "$work/registry/access.log"
}
by_skopeo() { skopeo copy --quiet --all --dest-tls-verify=false "oci:$work/layout:1" "docker://$host/skopeo/web:1"; }
by_consign() { "$CONSIGN" --quiet release; }

printf '%-34s %8s %8s %8s\n' "" requests writing seconds
measure "skopeo copy --all" by_skopeo
measure "skopeo copy --all, again" by_skopeo
measure "consign release" by_consign
measure "consign release, again" by_consign
