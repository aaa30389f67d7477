#!/bin/sh
# peers.sh FOLDER: unpacks what copies are compared with into FOLDER/bin: skopeo, oras and docker-registry of Debian's next release.
# skopeo runs with that release's own libraries, by its own loader; the others need but the C library.
set -eu
folder=${1:?usage: peers.sh FOLDER}
. "$(dirname "$0")/next_release.sh"

unpack "$folder" skopeo oras docker-registry libc6 libgpgme11t64 libassuan9 libgpg-error0 libsqlite3-0
folder=$(cd "$folder" && pwd)
for loader in "$folder"/unpacked/usr/lib/*/ld-linux*.so.* "$folder"/unpacked/usr/lib/*/ld64.so.*; do
    [ -x "$loader" ] || continue
    printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' "$loader" "${loader%/*}" "$folder/unpacked/usr/bin/skopeo" > "$folder/bin/skopeo"
done
chmod 755 "$folder/bin/skopeo"
for program in oras docker-registry; do ln -sf "../unpacked/usr/bin/$program" "$folder/bin/$program"; done
