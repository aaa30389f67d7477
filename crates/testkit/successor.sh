#!/bin/sh
# successor.sh FOLDER: unpacks what interop tests run of Debian's next release into FOLDER/bin. Programs that need nothing
# but the C library, and what systemd's library needs; skopeo, which needs more, with its own libraries.
set -eu
folder=${1:?usage: successor.sh FOLDER}
programs="cosign oras"
. "$(dirname "$0")/next_release.sh"

# shellcheck disable=SC2086 # a list of words
unpack "$folder" docker.io docker-buildx $programs skopeo libc6 libgpgme11t64 libassuan9 libgpg-error0 libsqlite3-0
# Under a name of its own: the engine of this release is a peer, too.
ln -sf ../unpacked/usr/sbin/dockerd "$folder/bin/dockerd-next"
rm -f "$folder/unpacked/usr/sbin/docker-proxy"
ln -sf ../unpacked/usr/libexec/docker/cli-plugins/docker-buildx "$folder/bin/docker-buildx"
for program in $programs; do ln -sf "../unpacked/usr/bin/$program" "$folder/bin/$program"; done
# That of this release reads no signatures of Sigstore's.
loader=$(cd "$folder/unpacked" && find usr/lib -name 'ld-linux*.so.*' | head -n 1)
cat > "$folder/bin/skopeo-next" <<END
#!/bin/sh
unpacked=\$(dirname "\$(readlink -f "\$0")")/../unpacked
exec "\$unpacked/$loader" --library-path "\$unpacked/$(dirname "$loader")" "\$unpacked/usr/bin/skopeo" "\$@"
END
chmod +x "$folder/bin/skopeo-next"
