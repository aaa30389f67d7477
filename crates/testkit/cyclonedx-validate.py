#!/usr/bin/env python3
"""Judges files by the JSON schema of CycloneDX 1.6, strictly: cyclonedx-validate FILE..."""

import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

failed = False
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read())
    if error:
        print(f"{path}: {error}")
        failed = True
sys.exit(failed)
