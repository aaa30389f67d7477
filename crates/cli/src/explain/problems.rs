use super::Advice;
use consign_plan::Code;

pub(super) fn advice(code: Code) -> Advice {
    match code {
        Code::Syntax => Advice(
            "Indentation that does not line up, a tab, or a text with `: ` or `#` in it that is not in quotes.",
            "Mend the line that is shown, or the one above it.",
        ),
        Code::TooLarge => Advice(
            "A file of more than 1 MiB, or aliases (`*name`) that stand for aliases.",
            "Write out less: a configuration is small.",
        ),
        Code::UnknownKey => Advice(
            "A slip of the pen, a key at the wrong level, or a key of another tool.",
            "The nearest key is named where there is one. `consign schema` prints all of them, for editors, too.",
        ),
        Code::DuplicateKey => Advice(
            "A block that was copied and not renamed, or `destination` beside `destinations`.",
            "Keep one of them.",
        ),
        Code::WrongType => Advice(
            "A list where a text belongs, `yes` for `true`, or nothing behind the colon.",
            "Write what the message expects. `consign schema` describes every value.",
        ),
        Code::MissingKey => Advice(
            "An image without `source` or `destination`, a test without `command`, a mirror without `signed-by`.",
            "Add the key that is named.",
        ),
        Code::NotSupported => Advice(
            "A key or value that a later version knows, or that belongs to another tool's file of the same form.",
            "Take it out, or use a version that does it.",
        ),
        Code::Reference => Advice(
            "Capital letters, a digest, or a scheme such as `https://` in a destination; a path in the name of a registry.",
            "Write `registry/path`, all lower-case, with `:tag` if it is to have exactly that tag.",
        ),
        Code::Platform => Advice(
            "An architecture in the words of another tool, such as `x86_64` or `aarch64`, or one that stands twice.",
            "Write `os/architecture[/variant]` in OCI's words, such as `linux/amd64` or `linux/arm/v7`.",
        ),
        Code::Tag => Advice(
            "A tag with `/` or `+` in it, of more than 128 characters, that stands twice, or that looks like those of signatures.",
            "Use letters, digits, `_`, `.` and `-`, the first not `.` or `-`.",
        ),
        Code::Duration => Advice(
            "A number without a unit, or a time out of bounds.",
            "Write a number and a unit, such as `30s`, `5m` or `1h`.",
        ),
        Code::Value => Advice(
            "A word that is none of those that are known, an empty text, a path or name with characters that it may not have.",
            "The message says what may stand there.",
        ),
        Code::Overlap => Advice(
            "Two images with the same destination and the same tags: the second would replace the first.",
            "Give one of them another repository, or tags of its own.",
        ),
        Code::DuplicateName => Advice(
            "Two images whose destinations end in the same word, or two tests with the same command.",
            "Give one of them a `name:`.",
        ),
        Code::Secret => Advice(
            "A password, token or private key in the file, or in a URL.",
            "Take it out and replace it wherever it is used, since it has been seen. Name an environment variable instead: `password: { env: NAME }`, `key: env://NAME`.",
        ),
        Code::NotLoopback => Advice(
            "`plain-http` or `serve` for a registry on another machine.",
            "Use `localhost:PORT` or `127.0.0.1:PORT`; a registry that others reach needs TLS.",
        ),
        Code::Command => Advice(
            "`|`, `&&` or `>` in the command of a test, an open quotation mark, or no program at all.",
            "Commands are run without a shell. If the image has one: `command: [/bin/sh, -c, \"…\"]`.",
        ),
        Code::NoGit => Advice(
            "An image without tags of its own, in a folder that is not under git, or before the first commit.",
            "Make a commit, or write the tags: `tags: [1.2.3]`, or `destination: registry/repository:tag`.",
        ),
        Code::Source => Advice(
            "A path that is wrong (it is relative to consign.yaml), or an apko file, which this version does not build.",
            "Name a Dockerfile, or an image file with `packages`, `files` or `base`; docs/images.md shows them.",
        ),
    }
}
