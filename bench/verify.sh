#!/usr/bin/env bash
# An image for four platforms, each with a signature and four statements, verified by consign and by cosign, in one run.
# Both read cosign's older form, which every version of it reads. cosign looks at one digest at a time: in the loop it is run for the signature of the
# index and of each platform, and for each statement. consign is run once, and checks the manifests and configs too. Times are medians of the rounds;
# requests are those in the registry's log.
# Usage: cargo xtask bench verify     ROUNDS=1 for a quick look. Needs cosign and curl.
set -euo pipefail
: "${CONSIGN:?run this as \`cargo xtask bench verify\`}"
for program in cosign curl; do
    command -v "$program" > /dev/null || { echo "not run: $program"; exit 0; }
done
rounds=${ROUNDS:-5}
work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$work"' EXIT
export HOME=$work/home COSIGN_PASSWORD='' CONSIGN_STORE=$work/store
unset COSIGN_REPOSITORY HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy
mkdir "$work/home" "$work/source"
cd "$work/source"
host=localhost:5087
types="slsaprovenance1 spdxjson cyclonedx openvex"
architectures="amd64 arm64 riscv64 s390x"

"$CONSIGN" --quiet keygen
echo content > file
cat > consign.yaml << EOF
build: [{source: image.yaml, destination: $host/bench/web:1}]
EOF
cat > image.yaml << EOF
platforms: [$(for architecture in $architectures; do printf 'linux/%s, ' "$architecture"; done)]
files: [{source: file, path: /srv/file}]
EOF
echo '{"buildDefinition":{"buildType":"https://example.com/build","externalParameters":{}},"runDetails":{"builder":{"id":"https://example.com/builder"}}}' > slsaprovenance1.json
echo '{"spdxVersion":"SPDX-2.3","packages":[]}' > spdxjson.json
echo '{"bomFormat":"CycloneDX","specVersion":"1.6"}' > cyclonedx.json
echo '{"@context":"https://openvex.dev/ns/v0.2.0","statements":[]}' > openvex.json
quietly() { "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }; }
quietly "$CONSIGN" build --to "oci:$work/layout:1"
"$CONSIGN" --quiet registry serve --root "$work/registry" --listen "127.0.0.1:${host#*:}" > /dev/null &
until curl -fs "http://$host/v2/" > /dev/null; do sleep 0.1; done
quietly "$CONSIGN" copy --no-referrers "oci:$work/layout:1" "$host/bench/web:1"
quietly "$CONSIGN" sign --key cosign.key --signature-format legacy "$host/bench/web:1"
for type in $types; do
    for architecture in $architectures; do
        quietly "$CONSIGN" attest --key cosign.key --signature-format legacy --type "$type" --predicate "$type.json" --platform "linux/$architecture" "$host/bench/web:1"
    done
done
digests=$("$CONSIGN" inspect --raw "$host/bench/web:1" | grep -o '"digest": *"sha256:[0-9a-f]*"' | grep -o 'sha256:[0-9a-f]*')
index=$("$CONSIGN" digest "$host/bench/web:1")
[ "$(echo "$digests" | wc -l)" = 4 ]

by_cosign() { # COMMAND… DIGEST
    cosign "$@" > /dev/null
}
common=(--key cosign.pub --insecure-ignore-tlog --allow-http-registry --allow-insecure-registry)
index_by_cosign() { by_cosign verify "${common[@]}" "$host/bench/web:1"; }
all_by_cosign() {
    local digest type
    for digest in ${index#*@} $digests; do by_cosign verify "${common[@]}" "$host/bench/web@$digest"; done
    for digest in $digests; do
        for type in $types; do by_cosign verify-attestation --type "$type" "${common[@]}" "$host/bench/web@$digest"; done
    done
}
all_by_consign() { "$CONSIGN" verify --key cosign.pub "$host/bench/web:1"; }

measure() { # FIGURES FUNCTION: appends seconds and requests
    local begun ended
    : > "$work/registry/access.log"
    begun=$EPOCHREALTIME
    quietly "$2"
    ended=$EPOCHREALTIME
    awk -v begun="$begun" -v ended="$ended" 'END { print ended - begun, NR }' "$work/registry/access.log" >> "$work/$1.figures"
}
median() { cut -d ' ' -f "$2" "$work/$1.figures" | sort -g | sed -n "$(((rounds + 1) / 2))p"; }
row() { printf '%-44s %8.3f %8d\n' "$2" "$(median "$1" 1)" "$(median "$1" 2)"; }
ratio() {
    awk -v text="$1" -v dividend="$2" -v divisor="$3" -v target="$4" 'BEGIN {
        value = dividend / (divisor > 0 ? divisor : 0.001)
        printf "  %-50s %6.3f   target: at most %5.2f   %s\n", text, value, target, value <= target ? "met" : "NOT MET"
    }'
}
for _ in $(seq "$rounds"); do
    measure index index_by_cosign
    measure cosign all_by_cosign
    measure consign all_by_consign
done
echo "cosign $(cosign version 2> /dev/null | awk '$1 == "GitVersion:" { print $2 }'), $(nproc) cores, medians of $rounds"
printf '%-44s %8s %8s\n' "" seconds requests
row index "cosign verify (of the index alone)"
row cosign "cosign, of everything (a loop)"
row consign "consign verify (of everything)"
ratio "everything: seconds / those of cosign" "$(median consign 1)" "$(median cosign 1)" 0.2
ratio "everything: requests / those of cosign" "$(median consign 2)" "$(median cosign 2)" 0.5
ratio "everything: seconds / those of the index by cosign" "$(median consign 1)" "$(median index 1)" 1
