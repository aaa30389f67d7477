#!/bin/sh
# successor.sh FOLDER: unpacks what interop tests run of Debian's next release into FOLDER/bin. Only programs that need nothing
# but the C library, and what systemd's library needs.
set -eu
folder=${1:?usage: successor.sh FOLDER}
programs="cosign oras"
. "$(dirname "$0")/next_release.sh"

# shellcheck disable=SC2086 # a list of words
unpack "$folder" docker.io $programs
# Under a name of its own: the engine of this release is a peer, too.
ln -sf ../unpacked/usr/sbin/dockerd "$folder/bin/dockerd-next"
rm -f "$folder/unpacked/usr/sbin/docker-proxy"
for program in $programs; do ln -sf "../unpacked/usr/bin/$program" "$folder/bin/$program"; done
