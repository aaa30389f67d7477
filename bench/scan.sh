#!/usr/bin/env bash
# What is in an image of about one gigabyte, and what advisories say of it: consign, trivy and syft, in one run. Seconds are medians of three rounds,
# which alternate; peak is the most memory that a process had (VmHWM), in MiB. The machine should have nothing else to do.
#
# The image is one layer of Debian, compressed with gzip, in an OCI layout on this machine: Python, npm, a JDK, Maven, Ruby, git and a compiler. Nobody
# is given a network. What is measured:
#   consign sbom, scan   cold: an empty store; warm: the same again. `scan` compares with a database of one advisory, as trivy does.
#   trivy                the inventory of it as CycloneDX, cold and warm. Of archives of Java it only lists names here: without its Java database, which
#                        is a download of some hundred megabytes, it reads none of them, and they are left out for it (`--skip-files`).
#   syft                 the inventory as CycloneDX. It keeps nothing, so that there is no second time.
# Usage: cargo xtask bench scan     Needs mmdebstrap, python3 and unshare; trivy and syft are measured where they are on PATH
# or in target/judges/bin.
set -euo pipefail
: "${CONSIGN:?run this as \`cargo xtask bench scan\`}"
source "$(dirname "$0")/large-image"
source "$(dirname "$0")/measure"
cat > "$work/advisory.json" << 'EOF_ADVISORY'
{"id": "CVE-2026-1", "modified": "2026-01-02T03:04:05Z", "affected": [{"package": {"ecosystem": "Debian:12", "name": "openssl"},
 "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}]}]}
EOF_ADVISORY
"$CONSIGN" db build "$work/advisory.json" --to "$work/advisories.db" > /dev/null

layout=$work/layout
for round in 1 2 3; do
    echo "Round $round …"
    rm -rf "$work/store" "$work/trivy"
    measure "consign sbom, cold" "$CONSIGN" --store "$work/store" sbom --format cyclonedx-json "oci:$layout"
    measure "consign sbom, warm" "$CONSIGN" --store "$work/store" sbom --format cyclonedx-json "oci:$layout"
    rm -rf "$work/store"
    measure "consign scan, cold" "$CONSIGN" --store "$work/store" scan --db "$work/advisories.db" "oci:$layout"
    measure "consign scan, warm" "$CONSIGN" --store "$work/store" scan --db "$work/advisories.db" "oci:$layout"
    if command -v trivy > /dev/null; then
        trivy=(trivy image --quiet --offline-scan --skip-db-update --skip-java-db-update --skip-files '**/*.jar' --cache-dir "$work/trivy" --format cyclonedx --input "$layout")
        measure "trivy, cold" "${trivy[@]}"
        measure "trivy, warm" "${trivy[@]}"
    fi
    if command -v syft > /dev/null; then
        measure "syft" syft scan --quiet --output cyclonedx-json "oci-dir:$layout"
    fi
done
echo
du -sh --apparent-size "$layout" | awk '{ print "the layout has " $1 "; '"$(nproc)"' processors" }'
figures
