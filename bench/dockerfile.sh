#!/usr/bin/env bash
# Dockerfiles built by consign and by buildah, in one run. Seconds are medians of three rounds; the two alternate, so that both see the same
# machine, which should have nothing else to do. Three Dockerfiles, each for this machine's platform:
#   files       no RUN: 2,000 files of 4 KiB in one COPY, and ten small ones in a COPY each.
#   run         a static busybox, and three small RUN.
#   many        one COPY of 50,000 files of 200 bytes.
# and each of them
#   cold        nothing of an earlier build is there;
#   late        all is there, but the file of the last instruction has changed;
#   warm        all is there, and nothing has changed.
# consign writes compressed layers, an inventory (SPDX) and provenance; buildah (overlay where it can, isolation chroot) stores what it built
# unpacked, and compresses it when it is pushed, which is not measured.
# Usage: cargo xtask bench dockerfile     Needs buildah and busybox-static (`cargo xtask setup` brings both).
set -euo pipefail
: "${CONSIGN:?run this as \`cargo xtask bench dockerfile\`}"
here=$(cd "$(dirname "$0")/.." && pwd)
busybox=$here/target/dockerfiles/busybox/$(dpkg --print-architecture | sed 's/ppc64el/ppc64le/')
command -v buildah > /dev/null || { echo "not run: buildah"; exit 0; }
[ -e "$busybox" ] || { echo "not run: busybox (\`cargo xtask setup\`)"; exit 0; }
work=$(mktemp -d)
storage=(--root "$work/containers" --runroot "$work/run")
trap 'buildah "${storage[@]}" rmi --all --force > /dev/null 2>&1 || true; rm -rf "$work"' EXIT

mkdir -p "$work"/{files/data,run/bin,many/data}
seq 2000 | while read -r number; do head -c 4096 /dev/urandom > "$work/files/data/$number"; done
seq 10 | while read -r number; do echo "$number" > "$work/files/$number"; done
{ echo "FROM scratch"; echo "COPY data /data"; seq 10 | sed 's|.*|COPY & /few/|'; echo "COPY last /last"; } > "$work/files/Dockerfile"
cp "$busybox" "$work/run/bin/busybox"
cat > "$work/run/Dockerfile" << 'EOF'
FROM scratch
COPY bin /bin
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -p /srv && seq 1000 > /srv/numbers
RUN wc -l < /srv/numbers > /srv/count
COPY last /last
EOF
seq 50000 | while read -r number; do
    folder=$work/many/data/$((number / 500))
    [ -d "$folder" ] || mkdir "$folder"
    printf '%200d' "$number" > "$folder/$number"
done
printf 'FROM scratch\nCOPY data /data\nCOPY last /last\n' > "$work/many/Dockerfile"

exec 3>&2
measure() { # prints how long a command takes, in seconds
    local TIMEFORMAT='%R'
    { time "$@" > "$work/log" 2>&1 || { cat "$work/log" >&3; exit 1; }; } 2>&1 | tail -n 1
}
by_consign() { "$CONSIGN" -C "$work/$1" -f Dockerfile --store "$work/store" --quiet build; }
by_buildah() {
    buildah "${storage[@]}" bud --isolation chroot --layers --quiet --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --tag "bench-$1" "$work/$1"
}
median() { sort -n "$work/$1" | sed -n 2p; }

printf '%-10s %-6s %10s %10s %8s\n' "" "" buildah consign ratio
for name in files run many; do
    for round in 1 2 3; do
        rm -rf "$work/store"
        buildah "${storage[@]}" rmi --all --force > /dev/null 2>&1 || true
        echo "$round" > "$work/$name/last"
        for state in cold late warm; do
            [ "$state" = late ] && echo "$round, later" > "$work/$name/last"
            for tool in consign buildah; do
                measure "by_$tool" "$name" >> "$work/$tool-$name-$state"
            done
        done
    done
    for state in cold late warm; do
        echo "$name $state $(median "buildah-$name-$state") $(median "consign-$name-$state")" \
            | awk '{ printf "%-10s %-6s %10.3f %10.3f %8.1f\n", $1, $2, $3, $4, $3 / ($4 > 0 ? $4 : 0.001) }'
    done
done
