# shellcheck shell=sh
# next_release.sh, to be sourced: sets `successor`, the name of the Debian release after this machine's, `mirror`, the one that apt is
# configured for, and `keys`, Debian's own.
. /etc/os-release
case "${VERSION_CODENAME:-}" in
    bookworm) successor=trixie ;;
    trixie) successor=forky ;;
    *) echo "$0: no successor of \`${VERSION_CODENAME:-this system}\` is known" >&2; exit 1 ;;
esac
keys=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk -v suite="$VERSION_CODENAME" '$2 == suite { print $1; exit }')
[ -n "$mirror" ] || { echo "$0: apt knows no mirror of $VERSION_CODENAME (apt-get update?)" >&2; exit 1; }
