# shellcheck shell=sh
# next_release.sh, to be sourced: sets `successor`, the name of the Debian release after this machine's, `mirror`, the one that apt is
# configured for, and `keys`, Debian's own. `unpack FOLDER PACKAGE...` unpacks packages of that release into FOLDER/unpacked, without
# installing anything, and leaves FOLDER/bin for links to their programs. apt verifies them with those keys.
. /etc/os-release
case "${VERSION_CODENAME:-}" in
    bookworm) successor=trixie ;;
    trixie) successor=forky ;;
    *) echo "$0: no successor of \`${VERSION_CODENAME:-this system}\` is known" >&2; exit 1 ;;
esac
keys=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk -v suite="$VERSION_CODENAME" '$2 == suite { print $1; exit }')
[ -n "$mirror" ] || { echo "$0: apt knows no mirror of $VERSION_CODENAME (apt-get update?)" >&2; exit 1; }

unpack() (
    folder=$1
    shift
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
    private download "$@"
    for package in ./*.deb; do dpkg-deb -x "$package" "$folder/unpacked"; done
    cd "$folder"
    rm -rf "$folder/apt"
)
