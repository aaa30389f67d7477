#!/usr/bin/env python3
"""Reads Dockerfiles as JSON strings, one a line, and prints what BuildKit's own parser makes of each. Needs PyPI's `dockerfile`."""
import json
import sys

import dockerfile

for line in sys.stdin:
    try:
        commands = dockerfile.parse_string(json.loads(line))
    except dockerfile.GoParseError as error:
        print(json.dumps({"error": str(error)}))
        continue
    print(json.dumps([
        {
            "keyword": (command.cmd or "").upper(),
            "inner": command.sub_cmd and command.sub_cmd.upper(),
            "json": command.json,
            "flags": command.flags,
            "words": command.value,
            "first": command.start_line,
            "last": command.end_line,
            "heredocs": [[heredoc.name, heredoc.file_descriptor, heredoc.content] for heredoc in command.heredocs],
        }
        for command in commands
    ]))
