#!/bin/sh
# machine.sh FOLDER: unpacks a root file system of the Debian release after this machine's, with nothing in it but git, into FOLDER.
# The packages come from the mirror that apt is configured for, verified by mmdebstrap with Debian's own keys. No script of theirs is run.
set -eu
folder=${1:?usage: machine.sh FOLDER}
. /etc/os-release
case "${VERSION_CODENAME:-}" in
    bookworm) successor=trixie ;;
    trixie) successor=forky ;;
    *) echo "machine.sh: no successor of \`${VERSION_CODENAME:-this system}\` is known" >&2; exit 1 ;;
esac
keys=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk -v suite="$VERSION_CODENAME" '$2 == suite { print $1; exit }')
[ -n "$mirror" ] || { echo "machine.sh: apt knows no mirror of $VERSION_CODENAME (apt-get update?)" >&2; exit 1; }
rm -rf "$folder"
mmdebstrap --quiet --variant=extract --include=base-files,git,passwd --keyring="$keys" "$successor" "$folder" "deb [signed-by=$keys] $mirror $successor main"
# Where tests put what they bring.
mkdir -p "$folder/mnt" "$folder/proc"
