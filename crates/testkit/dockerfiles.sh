#!/bin/sh
# dockerfiles.sh FOLDER: unpacks what builds of Dockerfiles are compared with into FOLDER, without installing anything: buildah of the Debian
# release after this machine's, which runs with that release's own libraries (FOLDER/bin/buildah-next), and static busybox for each platform
# (FOLDER/busybox/ARCHITECTURE). They come from the mirror that apt is configured for, verified by apt with Debian's own keys.
set -eu
folder=${1:?usage: dockerfiles.sh FOLDER}
. "$(dirname "$0")/next_release.sh"
rm -rf "$folder"
mkdir -p "$folder/bin" "$folder/busybox"
folder=$(cd "$folder" && pwd)

# download RELEASE ARCHITECTURE PACKAGE…: unpacks packages of a release for an architecture into FOLDER/unpacked. How old the mirror's copy is does not matter.
download() {
    release=$1
    architecture=$2
    shift 2
    state="$folder/apt"
    rm -rf "$state" "$folder/unpacked"
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/etc"
    echo "deb [signed-by=$keys arch=$architecture] $mirror $release main" > "$state/etc/sources.list"
    : > "$state/status"
    private() {
        apt-get -qq -o Dir::State="$state" -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status" \
            -o Dir::Cache="$state/cache" -o Dir::Etc::sourcelist="$state/etc/sources.list" -o Dir::Etc::sourceparts=- \
            -o Acquire::Check-Valid-Until=false -o APT::Architecture="$architecture" -o APT::Architectures::="$architecture" -o APT::Sandbox::User=root "$@"
    }
    private update || return 1
    (cd "$state" && private download "$@") || return 1
    for package in "$state"/*.deb; do dpkg-deb -x "$package" "$folder/unpacked" || return 1; done
    rm -rf "$state"
}

for pair in amd64:amd64 arm64:arm64 ppc64el:ppc64le; do
    # That of a newer release will do, too: a mirror that is being updated may lack one architecture of one release for days.
    download "$successor" "${pair%:*}" busybox-static || download testing "${pair%:*}" busybox-static
    mv "$(find "$folder/unpacked" -name busybox -path '*/bin/*' -type f)" "$folder/busybox/${pair#*:}"
done

[ "$(dpkg --print-architecture)" = amd64 ] || exit 0
download "$successor" amd64 buildah netavark libc6 libgpgme11t64 libassuan9 libgpg-error0 libseccomp2 libsubid5 libsqlite3-0 libselinux1 libpcre2-8-0 libaudit1 \
    libbtrfs0t64 libdevmapper1.02.1 libudev1 libcap2 libcap-ng0 libcrypt1 libacl1 libattr1 libbsd0 libmd0 libostree-1-1 libsemanage2 libsepol2 libbz2-1.0 zlib1g liblzma5 libzstd1 libpam0g
mv "$folder/unpacked" "$folder/next"
printf '[engine]\nhelper_binaries_dir = ["%s"]\n' "$folder/next/usr/lib/podman" > "$folder/next/containers.conf"
cat > "$folder/bin/buildah-next" << 'SCRIPT'
#!/bin/sh
# It starts itself again by /proc/self/exe and with nothing around it: so its loader and libraries stand where programs look for them, but
# where nobody else sees them.
next=$(dirname "$(dirname "$(readlink -f "$0")")")/next
script='
    # Several at once would write their heredocs to the same files.
    mount -t tmpfs none /var/tmp
    mount --bind "$0/usr/lib/x86_64-linux-gnu" /usr/lib/x86_64-linux-gnu
    export CONTAINERS_CONF="$0/containers.conf"
    exec "$0/usr/bin/buildah" "$@"
'
exec unshare --mount sh -ec "$script" "$next" "$@"
SCRIPT
chmod 755 "$folder/bin/buildah-next"
