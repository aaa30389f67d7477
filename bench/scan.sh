#!/usr/bin/env bash
# What is in an image of about one gigabyte, and what advisories say of it: consign, trivy and syft, in one run. Seconds are medians of three rounds,
# which alternate; peak is the most memory that a process had (VmHWM), in MiB. The machine should have nothing else to do.
#
# The image is one layer of Debian, compressed with gzip, in an OCI layout on this machine: Python, npm, a JDK, Maven, Ruby, git and a compiler. Nobody
# is given a network. What is measured:
#   consign sbom, scan   cold: an empty store; warm: the same again. `scan` compares with a database of one advisory, as trivy does.
#   trivy                the inventory of it as CycloneDX, cold and warm. Of archives of Java it only lists names here: without its Java database, which
#                        is a download of some hundred megabytes, it reads none of them, and they are left out for it (`--skip-files`).
#   syft                 the inventory as CycloneDX. It keeps nothing, so that there is no second time.
# Usage: cargo xtask bench scan     Needs mmdebstrap, python3 and unshare; trivy and syft are measured where they are on PATH
# or in target/judges/bin.
set -euo pipefail
: "${CONSIGN:?run this as \`cargo xtask bench scan\`}"
for program in mmdebstrap python3 unshare; do
    command -v "$program" > /dev/null || { echo "not run: $program"; exit 0; }
done
here=$(cd "$(dirname "$0")/.." && pwd)
export PATH="$here/target/judges/bin:$PATH"
work=${CONSIGN_BENCH_FOLDER:-$(mktemp -d)}
[ -n "${CONSIGN_BENCH_FOLDER:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
chmod 755 "$work" # mmdebstrap unpacks as another user
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

if [ ! -e "$work/layout/index.json" ]; then
    echo "Making the image …"
    mmdebstrap --quiet --variant=minbase \
        --include=python3,python3-pip,python3-requests,npm,default-jdk-headless,maven,ruby,git,gcc "$suite" "$work/root.tar"
    python3 - "$work" << 'PYTHON'
import gzip, hashlib, json, os, shutil, sys
work = sys.argv[1]
blobs = f"{work}/layout/blobs/sha256"
os.makedirs(blobs)
def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
def put(value):
    data = json.dumps(value).encode()
    name = hashlib.sha256(data).hexdigest()
    with open(f"{blobs}/{name}", "wb") as file:
        file.write(data)
    return {"digest": f"sha256:{name}", "size": len(data)}
oci = "application/vnd.oci.image"
root, layer = f"{work}/root.tar", f"{work}/layer"
with open(root, "rb") as plain, gzip.GzipFile(layer, "wb", 6, mtime=0) as packed:
    shutil.copyfileobj(plain, packed, 1 << 20)
diff_id, name = digest(root), digest(layer)
os.rename(layer, f"{blobs}/{name}")
os.remove(root)
rootfs = {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]}
config = put({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs})
layers = [{"mediaType": f"{oci}.layer.v1.tar+gzip", "digest": f"sha256:{name}", "size": os.path.getsize(f"{blobs}/{name}")}]
manifest = {"schemaVersion": 2, "mediaType": f"{oci}.manifest.v1+json", "config": {"mediaType": f"{oci}.config.v1+json", **config}, "layers": layers}
listed = {"mediaType": f"{oci}.manifest.v1+json", **put(manifest), "annotations": {"org.opencontainers.image.ref.name": "big"}}
with open(f"{work}/layout/index.json", "w") as file:
    json.dump({"schemaVersion": 2, "manifests": [listed]}, file)
with open(f"{work}/layout/oci-layout", "w") as file:
    json.dump({"imageLayoutVersion": "1.0.0"}, file)
PYTHON
fi
cat > "$work/advisory.json" << 'EOF_ADVISORY'
{"id": "CVE-2026-1", "modified": "2026-01-02T03:04:05Z", "affected": [{"package": {"ecosystem": "Debian:12", "name": "openssl"},
 "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}]}]}
EOF_ADVISORY
"$CONSIGN" db build "$work/advisory.json" --to "$work/advisories.db" > /dev/null

cat > "$work/measure.py" << 'PYTHON'
import os, subprocess, sys, time
out, command = sys.argv[1], sys.argv[2:]
started = time.monotonic()
with open(os.devnull, "wb") as null:
    child = subprocess.Popen(command, stdout=open(out, "wb"), stderr=null)
    _, status, usage = os.wait4(child.pid, 0)
seconds = time.monotonic() - started
print(f"{seconds:.3f} {usage.ru_utime + usage.ru_stime:.2f} {usage.ru_maxrss // 1024} {os.waitstatus_to_exitcode(status)}")
PYTHON
measure() { # NAME COMMAND…: adds seconds, processor seconds, peak and exit status
    local name=$1
    shift
    unshare --map-root-user --net python3 "$work/measure.py" "$work/$name.out" "$@" >> "$work/$name.figures"
}
rm -f "$work"/*.figures
layout=$work/layout
for round in 1 2 3; do
    echo "Round $round …"
    rm -rf "$work/store" "$work/trivy"
    measure "consign sbom, cold" "$CONSIGN" --store "$work/store" sbom --format cyclonedx-json "oci:$layout"
    measure "consign sbom, warm" "$CONSIGN" --store "$work/store" sbom --format cyclonedx-json "oci:$layout"
    rm -rf "$work/store"
    measure "consign scan, cold" "$CONSIGN" --store "$work/store" scan --db "$work/advisories.db" "oci:$layout"
    measure "consign scan, warm" "$CONSIGN" --store "$work/store" scan --db "$work/advisories.db" "oci:$layout"
    if command -v trivy > /dev/null; then
        trivy=(trivy image --quiet --offline-scan --skip-db-update --skip-java-db-update --skip-files '**/*.jar' --cache-dir "$work/trivy" --format cyclonedx --input "$layout")
        measure "trivy, cold" "${trivy[@]}"
        measure "trivy, warm" "${trivy[@]}"
    fi
    if command -v syft > /dev/null; then
        measure "syft" syft scan --quiet --output cyclonedx-json "oci-dir:$layout"
    fi
done
echo
du -sh --apparent-size "$layout" | awk '{ print "the layout has " $1 "; '"$(nproc)"' processors" }'
printf '%-24s %8s %10s %10s %8s\n' "" seconds processor "peak MiB" status
for figures in "$work"/*.figures; do
    name=$(basename "$figures" .figures)
    sort -n "$figures" | sed -n 2p | awk -v name="$name" '{ printf "%-24s %8.2f %10.2f %10d %8d\n", name, $1, $2, $3, $4 }'
done
