#!/bin/sh
# successor.sh FOLDER: unpacks programs of the Debian release after this machine's into FOLDER/bin, without installing anything.
# They come from the mirror that apt is configured for, verified by apt with Debian's own keys. Only programs that need nothing
# but the C library, and what systemd's library needs.
set -eu
folder=${1:?usage: successor.sh FOLDER}
programs="cosign oras"
. "$(dirname "$0")/next_release.sh"

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
# shellcheck disable=SC2086 # a list of words
private download docker.io $programs
for package in ./*.deb; do dpkg-deb -x "$package" "$folder/unpacked"; done
# Under a name of its own: the engine of this release is a peer, too.
ln -sf ../unpacked/usr/sbin/dockerd "$folder/bin/dockerd-next"
rm -f "$folder/unpacked/usr/sbin/docker-proxy"
for program in $programs; do ln -sf "../unpacked/usr/bin/$program" "$folder/bin/$program"; done
rm -rf "$folder/apt"
