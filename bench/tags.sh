#!/usr/bin/env bash
# A hundred tags of a repository that are mirrored already, while every request takes 20 ms longer: how long it takes to find out that there is
# nothing to do. Both registries are consign's own, behind proxies that wait. Peers are measured where they are on PATH.
#   no-op          by a client that remembers nothing: two requests for each tag.
#   no-op, state   with `--believe 10m`: one request for each tag.
# Usage: cargo xtask bench tags     Needs python3; compares with skopeo where it is there.
set -euo pipefail
: "${CONSIGN:?run this as \`cargo xtask bench tags\`}"
command -v python3 > /dev/null || { echo "not run: python3"; exit 0; }
work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
export HOME=$work CONSIGN_STORE=$work/store
cat > proxy.py << 'EOF'
import asyncio, sys
listen, target, delay = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
async def pump(reader, writer, wait):
    try:
        while data := await reader.read(65536):
            if wait:
                await asyncio.sleep(delay)
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
async def serve(reader, writer):
    upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", target)
    await asyncio.gather(pump(reader, upstream_writer, True), pump(upstream_reader, writer, False))
async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", listen) as server:
        await server.serve_forever()
asyncio.run(main())
EOF
cat > layout.py << 'EOF'
import hashlib, json, os
os.makedirs("images/blobs/sha256")
def put(media_type, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"images/blobs/sha256/{digest}", "wb") as file:
        file.write(data)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}
oci = "application/vnd.oci.image."
listed = []
for number in range(100):
    config = put(oci + "config.v1+json", json.dumps({"os": "linux", "architecture": "amd64", "number": number}).encode())
    layer = put(oci + "layer.v1.tar", os.urandom(1000))
    manifest = {"schemaVersion": 2, "mediaType": oci + "manifest.v1+json", "config": config, "layers": [layer]}
    listed.append({**put(oci + "manifest.v1+json", json.dumps(manifest).encode()), "annotations": {"org.opencontainers.image.ref.name": f"v{number}"}})
with open("images/index.json", "w") as file:
    json.dump({"schemaVersion": 2, "manifests": listed}, file)
with open("images/oci-layout", "w") as file:
    file.write('{"imageLayoutVersion":"1.0.0"}')
EOF
python3 layout.py
for pair in 5091:5093 5092:5094; do
    "$CONSIGN" registry serve --root "registry-${pair%:*}" --listen "127.0.0.1:${pair%:*}" > /dev/null 2>&1 &
    python3 proxy.py "${pair#*:}" "${pair%:*}" 0.02 &
done
sleep 1
"$CONSIGN" copy --quiet --all-tags oci:images 127.0.0.1:5091/app > /dev/null
echo 'sync: [{source: "127.0.0.1:5093/app", destination: "127.0.0.1:5094/app", tags: all}]' > mirrors.yaml
"$CONSIGN" sync --quiet -f mirrors.yaml > /dev/null
seconds() { # NAME COMMAND…: the median of five runs
    local name=$1 figures=()
    shift
    for _ in 1 2 3 4 5; do
        local begin end
        begin=$(date +%s%N)
        "$@" > /dev/null 2>&1
        end=$(date +%s%N)
        figures+=("$(((end - begin) / 1000000))")
    done
    printf '%-16s %6s ms\n' "$name" "$(printf '%s\n' "${figures[@]}" | sort -n | sed -n 3p)"
}
fresh() { rm -rf store; "$CONSIGN" sync -f mirrors.yaml; }
seconds "no-op" fresh
"$CONSIGN" sync --quiet -f mirrors.yaml > /dev/null
seconds "no-op, state" "$CONSIGN" sync -f mirrors.yaml --believe 10m
if command -v skopeo > /dev/null; then
    seconds "skopeo sync" skopeo sync --src docker --dest docker --src-tls-verify=false --dest-tls-verify=false 127.0.0.1:5093/app 127.0.0.1:5094
else
    echo "not run: skopeo"
fi
