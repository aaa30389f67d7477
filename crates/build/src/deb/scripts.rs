//! Looks at maintainer scripts, which are never run, and says which of them would have done something.

use super::package::Package;
use std::collections::BTreeSet;

/// Packages whose scripts' work is done by this room.
const DONE_HERE: [&str; 8] =
    ["base-files", "base-passwd", "ca-certificates", "coreutils", "libc-bin", "libc6", "openssl", "tzdata"];

/// Commands that change nothing in an image that is being made: they speak, ask, look, or concern services and upgrades.
const HARMLESS: [&str; 48] = [
    "set",
    "exit",
    "return",
    "true",
    "false",
    ":",
    "[",
    "test",
    "echo",
    "printf",
    "export",
    "unset",
    "local",
    "shift",
    "umask",
    "if",
    "fi",
    "then",
    "else",
    "elif",
    "case",
    "esac",
    "while",
    "until",
    "do",
    "done",
    "for",
    "!",
    "{",
    "}",
    "command",
    "which",
    "dpkg-maintscript-helper",
    "deb-systemd-helper",
    "deb-systemd-invoke",
    "systemctl",
    "update-rc.d",
    "invoke-rc.d",
    "ldconfig",
    "dpkg-trigger",
    "db_version",
    "db_get",
    "db_stop",
    "db_capb",
    "db_input",
    "db_go",
    "grep",
    "ischroot",
];

/// Returns a warning for each package of which a script would have done something that this room does not do.
pub(crate) fn warnings(packages: &[Package]) -> Vec<String> {
    packages.iter().filter(|package| !DONE_HERE.contains(&package.name.as_str())).filter_map(warning).collect()
}

fn warning(package: &Package) -> Option<String> {
    let mut parts = Vec::new();
    for name in ["preinst", "postinst"] {
        let Some(script) = package.scripts.get(name) else { continue };
        let commands = commands(script);
        if !commands.is_empty() {
            let commands: Vec<&str> = commands.iter().map(String::as_str).take(6).collect();
            parts.push(format!("{name} ({})", commands.join(", ")));
        }
    }
    if parts.is_empty() {
        return None;
    }
    Some(format!("{} {}: not run: {}", package.name, package.version, parts.join(", ")))
}

/// Returns the commands of a script that are not harmless. This reads words, not shell grammar: it may name too many, not too few.
fn commands(script: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if script.lines().next().is_some_and(|line| line.starts_with("#!") && !line.contains("sh")) {
        found.insert(script.lines().next().unwrap_or_default().trim_start_matches("#!").trim().to_owned());
        return found;
    }
    let mut continued = false;
    for line in script.lines() {
        let line = line.trim();
        let is_continuation = std::mem::replace(&mut continued, line.ends_with('\\'));
        if line.is_empty() || line.starts_with('#') || is_continuation || line.contains("/usr/share/debconf/confmodule")
        {
            continue;
        }
        for command in after_pattern(line)
            .replace("&&", ";")
            .replace("||", ";")
            .split([';', '|', '`'])
            .flat_map(|part| part.split("$("))
        {
            found.extend(first_word(command));
        }
    }
    found
}

/// Returns what follows the pattern of a branch of `case`, such as `configure|abort-upgrade)`.
fn after_pattern(line: &str) -> &str {
    let is_pattern = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-*?|. \"'".contains(&b));
    let line = line.strip_prefix('(').unwrap_or(line);
    line.split_once(')').filter(|(pattern, _)| is_pattern(pattern)).map_or(line, |(_, rest)| rest)
}

fn first_word(command: &str) -> Option<String> {
    let mut words = command.split_whitespace().skip_while(|word| {
        // Words before a command, patterns of `case`, and settings of variables.
        let is_pattern = word.ends_with(')') || word.ends_with("()");
        let is_setting = word
            .split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        matches!(*word, "if" | "elif" | "while" | "until" | "then" | "else" | "do" | "!" | "{" | "}" | "(")
            || is_pattern
            || is_setting
    });
    let word = words.next()?.trim_start_matches('(').trim_end_matches([')', '"', '\'']);
    let is_command = word.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '.' | '_' | '[' | ':'));
    let name = word.rsplit('/').next().unwrap_or(word);
    (is_command && !HARMLESS.contains(&name) && !name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_a_script_would_do() {
        let table = [
            ("#!/bin/sh\nset -e\nexit 0\n", ""),
            ("#!/bin/sh\ndpkg-maintscript-helper rm_conffile /etc/x 1~ -- \"$@\"\n", ""),
            ("#!/bin/sh\nset -e\n. /usr/share/debconf/confmodule\n", ""),
            (
                "#!/bin/sh\nif [ \"$1\" = configure ] && [ -x /etc/init.d/x ]; then\n\tupdate-rc.d x defaults >/dev/null || exit 1\nfi\n",
                "",
            ),
            ("#!/bin/sh\ncase \"$1\" in\n  configure)\n    adduser --system x\n  ;;\nesac\n", "adduser"),
            (
                "#!/bin/sh\nupdate-alternatives --install /usr/bin/awk \\\n  --slave /usr/bin/nawk\n",
                "update-alternatives",
            ),
            ("#!/bin/sh\ncase $1 in\n  abort-upgrade|abort-remove) ;;\n  configure) mkdir /x ;;\nesac\n", "mkdir"),
            ("#!/bin/sh\nX=1\nif ! getent passwd x; then useradd x; fi\n", "getent useradd"),
            ("#!/usr/bin/perl\nprint 1;\n", "/usr/bin/perl"),
            ("#!/bin/sh\nx=$(ln -s a b)\n", "ln"),
        ];
        for (script, expected) in table {
            let found: Vec<String> = commands(script).into_iter().collect();
            assert_eq!(found.join(" "), expected, "{script}");
        }
    }

    #[test]
    fn warns_once_for_a_package() {
        let mut package = Package {
            name: "x".into(),
            version: "1".into(),
            architecture: "all".into(),
            control: Vec::new(),
            scripts: [("preinst", "#!/bin/sh\nmkdir /x\n"), ("postinst", "#!/bin/sh\nadduser x\n")]
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .into(),
            conffiles: Vec::new(),
            md5sums: None,
            replaces: Vec::new(),
            entries: Vec::new(),
        };
        assert_eq!(warnings(&[package.clone()]), ["x 1: not run: preinst (mkdir), postinst (adduser)"]);
        package.name = "base-files".into();
        assert!(warnings(&[package]).is_empty());
    }
}
