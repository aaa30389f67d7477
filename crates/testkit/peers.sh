#!/bin/sh
# peers.sh FOLDER: unpacks what copies are compared with into FOLDER/bin, without installing anything: skopeo, oras and docker-registry of the
# Debian release after this machine's. They come from the mirror that apt is configured for, verified by apt with Debian's own keys.
# skopeo runs with that release's own libraries, by its own loader; the others need but the C library.
set -eu
folder=${1:?usage: peers.sh FOLDER}
. "$(dirname "$0")/next_release.sh"

rm -rf "$folder"
mkdir -p "$folder/bin" "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/apt/etc"
folder=$(cd "$folder" && pwd)
echo "deb [signed-by=$keys] $mirror $successor main" > "$folder/apt/etc/sources.list"
: > "$folder/apt/status"
private() {
    apt-get -qq -o Dir::State="$folder/apt" -o Dir::State::lists="$folder/apt/lists" -o Dir::State::status="$folder/apt/status" \
        -o Dir::Cache="$folder/apt/cache" -o Dir::Etc::sourcelist="$folder/apt/etc/sources.list" -o Dir::Etc::sourceparts=- \
        -o APT::Sandbox::User=root "$@"
}
private update
cd "$folder/apt"
private download skopeo oras docker-registry libc6 libgpgme11t64 libassuan9 libgpg-error0 libsqlite3-0
for package in ./*.deb; do dpkg-deb -x "$package" "$folder/unpacked"; done
for loader in "$folder"/unpacked/usr/lib/*/ld-linux*.so.* "$folder"/unpacked/usr/lib/*/ld64.so.*; do
    [ -x "$loader" ] || continue
    printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$loader" "${loader%/*}" "$folder/unpacked/usr/bin/skopeo" > "$folder/bin/skopeo"
done
chmod 755 "$folder/bin/skopeo"
for program in oras docker-registry; do ln -sf "../unpacked/usr/bin/$program" "$folder/bin/$program"; done
cd "$folder"
rm -rf "$folder/apt"
