#!/usr/bin/env bash
# Images copied by consign, skopeo and oras, in one run: from a registry to another, and from a registry to an OCI layout.
#   large       one image with 8 layers of 64 MiB.
#   small       200 images with 3 layers of 10 KiB each, tags of one repository; no two layers are the same.
#   no-op       the same command once more.
# The layers are compressed archives of random bytes. Both registries are docker-registry on loopback, without TLS. Every cold run has a
# destination that has just been started on an empty folder, and a client that remembers nothing. Figures are medians of the rounds; the tools
# alternate, so that all see the same machine, which should have nothing else to do.
#   wall, client      seconds, and processor seconds of the client with its children.
#   MiB               the most that the client had in memory.
#   requests          those in the logs of the registries: source, destination.
#   servers           processor seconds of both registries, in hundredths.
# Every tool does what it can do in one command; where one has none, a loop of commands stands for it, and the row says so.
# All data is in memory (/dev/shm) where there is room for it; TMPDIR names another folder. On a disk most of the time goes where none of the tools
# has a say: docker-registry flushes every small blob to it several times. There, consign flushes layouts to it, which the peers do not.
# Usage: cargo xtask bench copy     ROUNDS=1 for a quick look. Needs time and curl; skopeo, oras and docker-registry of Debian's next release are
# unpacked into target/peers if they are not there.
set -euo pipefail
: "${CONSIGN:?run this as \`cargo xtask bench copy\`}"
for program in curl dpkg-deb /usr/bin/time; do
    command -v "$program" > /dev/null || { echo "not run: ${program##*/}"; exit 0; }
done
here=$(cd "$(dirname "$0")/.." && pwd)
peers=$here/target/peers
[ -x "$peers/bin/docker-registry" ] || sh "$here/crates/testkit/peers.sh" "$peers" || { echo "not run: skopeo, oras and docker-registry"; exit 0; }
rounds=${ROUNDS:-3}
images=200
memory=$(df --output=avail -k /dev/shm 2> /dev/null | tail -n 1 || true)
[ -n "${TMPDIR:-}" ] || [ "${memory:-0}" -lt $((4 << 20)) ] || export TMPDIR=/dev/shm
work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$work"' EXIT
mkdir "$work/home" "$work/figures"
# Nothing of the user's is read or written. As root, skopeo keeps what it remembers of blobs in the system's folder, unless told who it works for.
export HOME=$work/home XDG_DATA_HOME=$work/home/data XDG_CACHE_HOME=$work/home/cache XDG_CONFIG_HOME=$work/home/config
export _CONTAINERS_ROOTLESS_UID=65534 XDG_RUNTIME_DIR=$work/home CONTAINERS_REGISTRIES_CONF=$work/registries.conf
: > "$work/registries.conf"
unset CONSIGN_STORE HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy
source=127.0.0.1:5085
destination=127.0.0.1:5086

registry() { # NAME HOST: starts a registry and sets `started` to its process
    mkdir -p "$work/$1"
    cat > "$work/$1.yaml" << EOF
version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: $work/$1 } }
http: { addr: $2 }
EOF
    "$peers/bin/docker-registry" serve "$work/$1.yaml" > "$work/$1.log" 2> "$work/$1.errors" &
    started=$!
    until curl -fs "http://$2/v2/" > /dev/null; do
        kill -0 "$started" 2> /dev/null || { cat "$work/$1.errors" >&2; exit 1; }
        sleep 0.1
    done
    curl -fs "http://$2/v2/" > /dev/null
}
begin_source() { registry source "$source"; source_process=$started; }
begin_destination() { registry destination "$destination"; destination_process=$started; }
end() { # NAME PROCESS
    kill "$2"
    wait "$2" 2> /dev/null || true
    rm -rf "${work:?}/$1"
}
requests() { grep -c '"[A-Z]* /v2/' "$work/$1.log" || true; }
processor() { awk -v hertz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / hertz }' "/proc/$1/stat"; }

# Two layouts. Their blobs are what a build makes: a config, and archives compressed by gzip.
blob() { # LAYOUT FILE: moves a file among the blobs and prints its digest and size
    local digest
    digest=$(sha256sum < "$2")
    digest=${digest%% *}
    echo "sha256:$digest $(stat -c %s "$2")"
    mv "$2" "$1/blobs/sha256/$digest"
}
layout() { # LAYOUT IMAGES LAYERS BYTES
    local image layer digest size layers ids separator=
    mkdir -p "$1/blobs/sha256"
    echo '{"imageLayoutVersion":"1.0.0"}' > "$1/oci-layout"
    printf '{"schemaVersion":2,"manifests":[' > "$1/index.json"
    for image in $(seq "$2"); do
        layers='' ids=''
        for layer in $(seq "$3"); do
            head -c "$4" /dev/urandom > "$work/random"
            tar -C "$work" -cf "$work/layer" random
            digest=$(sha256sum < "$work/layer")
            ids+=",\"sha256:${digest%% *}\""
            gzip -1nf "$work/layer"
            read -r digest size < <(blob "$1" "$work/layer.gz")
            layers+=",{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"$digest\",\"size\":$size}"
        done
        printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[%s]}}' "${ids:1}" > "$work/config"
        read -r digest size < <(blob "$1" "$work/config")
        printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%s},"layers":[%s]}' \
            "$digest" "$size" "${layers:1}" > "$work/manifest"
        read -r digest size < <(blob "$1" "$work/manifest")
        printf '%s{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%s,"annotations":{"org.opencontainers.image.ref.name":"%s"}}' \
            "$separator" "$digest" "$size" "$image" >> "$1/index.json"
        separator=,
    done
    printf ']}' >> "$1/index.json"
}

# What is measured. A command is given a case; its state, and where it writes a layout, are below `home` and `layout`, which go with every cold run.
skopeo() { "$peers/bin/skopeo" --insecure-policy "$@"; }
oras() { "$peers/bin/oras" "$@" --from-plain-http; }
consign() { "$CONSIGN" --store "$work/home/store" --quiet "$@"; }
tags() { case $1 in large) echo 1 ;; small) seq "$images" ;; esac; }
registry_skopeo() {
    case $1 in
        large) skopeo copy --all --quiet --src-tls-verify=false --dest-tls-verify=false "docker://$source/bench/large:1" "docker://$destination/bench/large:1" ;;
        small) skopeo sync --all --src docker --dest docker --src-tls-verify=false --dest-tls-verify=false "$source/bench/small" "$destination/bench" ;;
    esac
}
registry_oras() { for tag in $(tags "$1"); do oras cp "$source/bench/$1:$tag" "$destination/bench/$1:$tag" --to-plain-http; done; }
registry_oras_r() { for tag in $(tags "$1"); do oras cp -r "$source/bench/$1:$tag" "$destination/bench/$1:$tag" --to-plain-http; done; }
registry_consign() {
    case $1 in
        large) consign copy "$source/bench/large:1" "$destination/bench/large:1" ;;
        small) consign copy --all-tags "$source/bench/small" "$destination/bench/small" ;;
    esac
}
registry_consign_believe() {
    case $1 in
        large) consign copy --believe 10m "$source/bench/large:1" "$destination/bench/large:1" ;;
        small) consign copy --believe 10m --all-tags "$source/bench/small" "$destination/bench/small" ;;
    esac
}
registry_sync() { consign sync -f "$work/mirrors.yaml"; }
registry_sync_believe() { consign sync --believe 10m -f "$work/mirrors.yaml"; }
layout_skopeo() {
    for tag in $(tags "$1"); do skopeo copy --all --quiet --src-tls-verify=false "docker://$source/bench/$1:$tag" "oci:$work/layout:$tag"; done
}
layout_oras() { for tag in $(tags "$1"); do oras cp --to-oci-layout "$source/bench/$1:$tag" "$work/layout:$tag"; done; }
layout_consign() {
    case $1 in
        large) consign copy "$source/bench/large:1" "oci:$work/layout:1" ;;
        small) consign copy --all-tags "$source/bench/small" "oci:$work/layout" ;;
    esac
}
cat > "$work/mirrors.yaml" << EOF
sync:
  - source: $source/bench/small
    destination: $destination/bench/small
    tags: all
EOF

# The commands are functions of this script, and /usr/bin/time starts programs: it starts this shell again with them.
export CONSIGN work peers source destination images
for name in skopeo oras consign tags {registry,layout}_{skopeo,oras,consign} registry_{oras_r,consign_believe,sync,sync_believe}; do
    export -f "${name?}"
done
measure() { # FIGURES COMMAND CASE: appends wall, client, MiB, both requests and the processor time of both servers
    local begun ended before_source before_destination asked_source asked_destination
    asked_source=$(requests source)
    asked_destination=$(requests destination)
    before_source=$(processor "$source_process")
    before_destination=$(processor "$destination_process")
    begun=$EPOCHREALTIME
    /usr/bin/time -q -o "$work/time" -f '%U %S %M' bash -c "set -e; $2 $3" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    ended=$EPOCHREALTIME
    sleep 0.3 # The logs are written after the answers.
    echo "$(awk -v begun="$begun" -v ended="$ended" '{ print ended - begun, $1 + $2, $3 / 1024 }' "$work/time")" \
        "$(($(requests source) - asked_source)) $(($(requests destination) - asked_destination))" \
        "$before_source $(processor "$source_process") $before_destination $(processor "$destination_process")" \
        | awk '{ print $1, $2, $3, $4, $5, $7 - $6, $9 - $8 }' >> "$work/figures/$1"
}
arrived() { # WHERE CASE: whether all of it is there, with the digests of the source
    local tag accept='Accept: application/vnd.oci.image.manifest.v1+json' there
    for tag in $(tags "$2" | sed -n '1p;$p'); do
        curl -fsS -H "$accept" "http://$source/v2/bench/$2/manifests/$tag" > "$work/expected"
        case $1 in
            registry) curl -fsS -H "$accept" "http://$destination/v2/bench/$2/manifests/$tag" | cmp "$work/expected" ;;
            layout) cmp "$work/expected" "$work/layout/blobs/sha256/$(sha256sum < "$work/expected" | cut -d ' ' -f 1)" ;;
        esac || { echo "$1 $2: $tag is another image" >&2; exit 1; }
    done
    case $1 in
        registry) there=$(curl -fsS "http://$destination/v2/bench/$2/tags/list" | grep -o '"[0-9]*"' | wc -l) ;;
        layout) there=$(grep -o '"org.opencontainers.image.ref.name": *"[0-9]*"' "$work/layout/index.json" | wc -l) ;;
    esac
    [ "$there" = "$(tags "$2" | wc -l)" ] || { echo "$1 $2: $there tags are there" >&2; exit 1; }
}
median() { # FIGURES COLUMN
    cut -d ' ' -f "$2" "$work/figures/$1" | sort -g | sed -n "$(((rounds + 1) / 2))p"
}
heading() { printf '\n%-44s %8s %8s %6s %7s %7s %8s %8s\n' "$1" wall client MiB "source" "dest." "server s" "server d"; }
row() { # FIGURES NAME
    [ -e "$work/figures/$1" ] || return 0
    # shellcheck disable=SC2046 # seven words
    printf '%-44s %8.3f %8.2f %6.1f %7d %7d %8.2f %8.2f\n' "$2" $(for column in 1 2 3 4 5 6 7; do median "$1" $column; done)
}
ratio() { # TEXT DIVIDEND DIVISOR TARGET
    awk -v text="$1" -v dividend="$2" -v divisor="$3" -v target="$4" 'BEGIN {
        value = dividend / (divisor > 0 ? divisor : 0.001)
        printf "  %-68s %8.2f   target: at most %5.2f   %s\n", text, value, target, value <= target ? "met" : "NOT MET"
    }'
}

begin_source
layout "$work/images" 1 8 $((64 << 20))
consign copy "oci:$work/images:1" "$source/bench/large:1" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
rm -rf "$work/images"
layout "$work/images" "$images" 3 $((10 << 10))
consign copy --all-tags "oci:$work/images" "$source/bench/small" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
rm -rf "$work/images"

for case in large small; do
    for where in registry layout; do
        for round in $(seq "$rounds"); do
            for tool in skopeo oras oras_r consign sync; do
                declare -F "${where}_$tool" > /dev/null || continue
                [ "$case $tool" != "large sync" ] || continue
                rm -rf "$work/home" "$work/layout"
                mkdir "$work/home"
                begin_destination
                measure "$case-$where-$tool-cold" "${where}_$tool" "$case"
                arrived "$where" "$case"
                measure "$case-$where-$tool-again" "${where}_$tool" "$case"
                case $where-$tool in
                    registry-consign | registry-sync)
                        measure "$case-$where-$tool-believe" "${where}_${tool}_believe" "$case"
                        rm -rf "$work/home/store"
                        measure "$case-$where-$tool-forgot" "${where}_$tool" "$case"
                        ;;
                esac
                end destination "$destination_process"
            done
        done
    done
done
end source "$source_process"

echo "$("$peers/bin/skopeo" --version), oras $("$peers/bin/oras" version | awk 'NR == 1 { print $2 }'), docker-registry$("$peers/bin/docker-registry" --version | sed 's/.*distribution//'), $(nproc) cores, medians of $rounds, data on $(df --output=fstype "$work" | tail -n 1)"
rows() { # CASE WHERE SKOPEO ORAS CONSIGN: rows of each state; what is added to the names of the tools
    local case=$1 where=$2 state
    for state in cold again; do
        row "$case-$where-skopeo-$state" "skopeo $3"
        row "$case-$where-oras-$state" "oras cp${4:+ $4}"
        row "$case-$where-oras_r-$state" "oras cp -r${4:+ $4}"
        row "$case-$where-consign-$state" "consign copy${5:+ $5}"
        row "$case-$where-sync-$state" "consign sync"
        [ "$state" != cold ] || heading "  no-op"
    done
    row "$case-$where-consign-forgot" "consign copy${5:+ $5} (fresh store)"
    row "$case-$where-consign-believe" "consign copy${5:+ $5} --believe 10m"
    row "$case-$where-sync-forgot" "consign sync (fresh store)"
    row "$case-$where-sync-believe" "consign sync --believe 10m"
}
heading "large: registry to registry"
rows large registry "copy --all" "" ""
heading "large: registry to layout"
rows large layout "copy --all" "" ""
heading "small: registry to registry"
rows small registry "sync --all" "(loop)" "--all-tags"
heading "small: registry to layout"
rows small layout "copy --all (loop)" "(loop)" "--all-tags"

fastest() { # CASE-WHERE: the wall of the fastest peer, cold
    for tool in skopeo oras oras_r; do [ ! -e "$work/figures/$1-$tool-cold" ] || median "$1-$tool-cold" 1; done | sort -g | head -n 1
}
printf '\n'
for where in registry layout; do
    ratio "large, to $where: wall / that of the fastest peer" "$(median large-$where-consign-cold 1)" "$(fastest large-$where)" 1
    ratio "large, to $where: MiB" "$(median large-$where-consign-cold 3)" 1 64
    ratio "small, to $where: client / that of skopeo" "$(median small-$where-consign-cold 2)" "$(median small-$where-skopeo-cold 2)" 0.3333
    ratio "small, to $where: wall / that of the fastest peer" "$(median small-$where-consign-cold 1)" "$(fastest small-$where)" 1
    ratio "small, to $where: MiB" "$(median small-$where-consign-cold 3)" 1 64
done
for tool in consign sync; do
    case $tool in consign) name="copy --all-tags" ;; sync) name=sync ;; esac
    ratio "small, to registry, $name: wall / (servers / cores)" "$(median small-registry-$tool-cold 1)" \
        "$(echo "$(median small-registry-$tool-cold 6) $(median small-registry-$tool-cold 7) $(nproc)" | awk '{ print ($1 + $2) / $3 }')" 1.2
    ratio "no-op of small, $name, fresh store: wall / that of skopeo" "$(median small-registry-$tool-forgot 1)" "$(median small-registry-skopeo-again 1)" 0.25
    ratio "no-op of small, $name, --believe 10m: wall / that of skopeo" "$(median small-registry-$tool-believe 1)" "$(median small-registry-skopeo-again 1)" 0.1
    ratio "no-op of small, $name, --believe 10m: MiB" "$(median small-registry-$tool-believe 3)" 1 64
done
cat << 'EOF'

What the peers cannot do: skopeo sync writes no OCI layout, and oras has no command for all tags of a repository: for these a loop of commands was
measured. skopeo leaves signatures and attestations behind, as does oras cp without -r; consign asks for them. Neither peer has anything like
--believe: their no-op is the one command that they have. skopeo and consign check every digest; from registry to registry oras leaves that to the
destination: its client takes less time for large than SHA-256 of the bytes does. Where both processors are busy all the time, that is the difference.
EOF
