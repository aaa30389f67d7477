#!/bin/sh
# machine.sh FOLDER: unpacks a root file system of the Debian release after this machine's, with nothing in it but git, into FOLDER.
# The packages come from the mirror that apt is configured for, verified by mmdebstrap with Debian's own keys. No script of theirs is run.
set -eu
folder=${1:?usage: machine.sh FOLDER}
. "$(dirname "$0")/next_release.sh"
rm -rf "$folder"
mmdebstrap --quiet --variant=extract --include=base-files,git,passwd --keyring="$keys" "$successor" "$folder" "deb [signed-by=$keys] $mirror $successor main"
# Where tests put what they bring.
mkdir -p "$folder/mnt" "$folder/proc"
