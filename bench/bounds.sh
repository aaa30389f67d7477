#!/usr/bin/env bash
# What consign takes where an image or a database is as large as they come. Seconds are medians of some rounds; peak is the most memory that the process
# had (VmHWM), in MiB. The machine should have nothing else to do. What is measured:
#   many files       `scan` of an image of one layer with three million files of one byte each, beside a package database, with an empty store.
#   same again       the same, with the store that the first left.
#   one advisory     `scan` of an image of one package with a database of one advisory, with an empty store: from the start of the process to its end.
#   all advisories   the same with a database of the advisories in shared/data (CONSIGN_TEST_DATA). What it takes longer is what it takes to open a
#                    large database and to look into it.
# Usage: cargo xtask bench bounds     Needs python3 and unshare. CONSIGN_BENCH_FOLDER names a folder where the image stays, for the next time.
set -euo pipefail
: "${CONSIGN:?run this as \`cargo xtask bench bounds\`}"
command -v python3 > /dev/null || { echo "not run: python3"; exit 0; }
work=${CONSIGN_BENCH_FOLDER:-$(mktemp -d)}
[ -n "${CONSIGN_BENCH_FOLDER:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
source "$(dirname "$0")/measure"
data=${CONSIGN_TEST_DATA:-$(dirname "$0")/../../shared/data}

make_image() { # LAYOUT FILES
    python3 - "$@" << 'PYTHON'
import gzip, hashlib, json, os, sys, tarfile
layout, files = sys.argv[1], int(sys.argv[2])
blobs = f"{layout}/blobs/sha256"
os.makedirs(blobs, exist_ok=True)
def put(value):
    data = json.dumps(value).encode()
    name = hashlib.sha256(data).hexdigest()
    with open(f"{blobs}/{name}", "wb") as file:
        file.write(data)
    return {"digest": f"sha256:{name}", "size": len(data)}
class Hashed:
    def __init__(self, inner):
        self.inner, self.hash = inner, hashlib.sha256()
    def write(self, data):
        self.hash.update(data)
        return self.inner.write(data)
    def flush(self):
        self.inner.flush()
blob = Hashed(open(f"{layout}/layer", "wb"))
packed = gzip.GzipFile("", "wb", 1, blob, mtime=0)
stream = Hashed(packed)
def member(name, data):
    header = tarfile.TarInfo(name)
    header.size = len(data)
    stream.write(header.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512))
member("etc/os-release", b"ID=debian\nVERSION_ID=12\n")
member("var/lib/dpkg/status", b"Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\nMaintainer: A <a@example.org>\nDescription: x\n\n")
for number in range(files):
    member(f"srv/{number // 1000:04}/file-{number:07}.txt", b"x")
stream.write(bytes(1024))
packed.close()
blob.inner.close()
name = blob.hash.hexdigest()
os.rename(f"{layout}/layer", f"{blobs}/{name}")
oci = "application/vnd.oci.image"
rootfs = {"type": "layers", "diff_ids": [f"sha256:{stream.hash.hexdigest()}"]}
config = put({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs})
layers = [{"mediaType": f"{oci}.layer.v1.tar+gzip", "digest": f"sha256:{name}", "size": os.path.getsize(f"{blobs}/{name}")}]
manifest = {"schemaVersion": 2, "mediaType": f"{oci}.manifest.v1+json", "config": {"mediaType": f"{oci}.config.v1+json", **config}, "layers": layers}
with open(f"{layout}/oci-layout", "w") as file:
    json.dump({"imageLayoutVersion": "1.0.0"}, file)
with open(f"{layout}/index.json", "w") as file:
    json.dump({"schemaVersion": 2, "manifests": [{"mediaType": f"{oci}.manifest.v1+json", **put(manifest)}]}, file)
PYTHON
}
if [ ! -e "$work/many/index.json" ]; then
    echo "Making an image of three million files …"
    make_image "$work/many" 3000000
fi
rm -rf "$work/small"
make_image "$work/small" 0
cat > "$work/advisory.json" << 'EOF_ADVISORY'
{"id": "CVE-2026-1", "modified": "2026-01-02T03:04:05Z", "affected": [{"package": {"ecosystem": "Debian:12", "name": "openssl"},
 "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}]}]}
EOF_ADVISORY
"$CONSIGN" db build "$work/advisory.json" --to "$work/advisories.db" > /dev/null
rm -rf "$work/store"
measure "many files" "$CONSIGN" --store "$work/store" scan --db "$work/advisories.db" "oci:$work/many"
measure "same again" "$CONSIGN" --store "$work/store" scan --db "$work/advisories.db" "oci:$work/many"
if [ -d "$data/advisories" ]; then
    "$CONSIGN" db build "$data"/advisories/* --to "$work/all.db" > "$work/log"
    tail -n 3 "$work/log"
    for _ in $(seq 51); do
        rm -rf "$work/store"
        measure "one advisory" "$CONSIGN" --store "$work/store" scan --db "$work/advisories.db" "oci:$work/small"
        rm -rf "$work/store"
        measure "all advisories" "$CONSIGN" --store "$work/store" scan --db "$work/all.db" "oci:$work/small"
    done
else
    echo "not run: the advisories, which are not in $data"
fi
figures
