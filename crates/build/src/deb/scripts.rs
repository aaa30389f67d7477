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

/// Most of a file's name that is shown, in characters.
const TARGET_LIMIT: usize = 80;

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

/// Returns the commands of a script that are not harmless, and the files that others write to. This reads words, not shell grammar: where the two
/// differ, it rather names too many than too few.
fn commands(script: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if script.lines().next().is_some_and(|line| line.starts_with("#!") && !line.contains("sh")) {
        found.insert(script.lines().next().unwrap_or_default().trim_start_matches("#!").trim().to_owned());
        return found;
    }
    for line in whole_lines(script) {
        if line.starts_with('#') || line.contains("/usr/share/debconf/confmodule") {
            continue;
        }
        // `>|` is `>`, also over a file that is there.
        for command in after_pattern(&line.replace(">|", ">")).split([';', '|', '`']).flat_map(split_background) {
            for command in command.split("$(") {
                found.extend(first_word(command));
                found.extend(written(command).map(|target| format!("> {target}")));
            }
        }
    }
    found
}

/// Returns the lines of a script, with those joined that a backslash continues.
fn whole_lines(script: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut continued = false;
    for line in script.lines().map(str::trim) {
        let (text, more) = line.strip_suffix('\\').map_or((line, false), |text| (text, true));
        match lines.last_mut().filter(|_| continued) {
            Some(last) => {
                last.push(' ');
                last.push_str(text);
            }
            None => lines.push(text.to_owned()),
        }
        // Nothing continues a comment.
        continued = more && !text.split_whitespace().any(|word| word.starts_with('#'));
    }
    lines
}

/// Splits commands at `&` and `&&`, but not at that of a redirection, such as `2>&1` or `&>`.
fn split_background(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices('&') {
        if !text[..at].ends_with(['>', '<']) && !text[at + 1..].starts_with('>') {
            parts.push(&text[start..at]);
            start = at + 1;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Returns the first file that a command's output goes to.
fn written(command: &str) -> Option<String> {
    let (mut quote, mut rest) = (None, command.chars().peekable());
    while let Some(character) = rest.next() {
        match (quote, character) {
            (None | Some('"'), '\\') => drop(rest.next()),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), character) if open == character => quote = None,
            (None, '>') => {
                while rest.next_if(|next| *next == '>' || next.is_whitespace()).is_some() {}
                let target: String = rest.clone().take(TARGET_LIMIT).collect();
                let target = target.split_whitespace().next().unwrap_or_default().trim_end_matches([')', '}']);
                if target != "/dev/null" && !target.starts_with('&') {
                    return Some(target.to_owned());
                }
            }
            _ => {}
        }
    }
    None
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
    fn many_redirections_take_no_time() {
        for script in [">".repeat(1 << 20), "> ".repeat(1 << 20), ">/dev/null ".repeat(1 << 16)] {
            assert!(commands(&format!("#!/bin/sh\necho {script}/dev/null\n")).len() <= 1);
        }
    }

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
            ("#!/bin/sh\n[ \"$1\" = configure ] && \\\n  useradd -r w\n", "useradd"),
            ("#!/bin/sh\necho a \\\n  b \\\n  || chmod 0 /x\nmkdir /y\n", "chmod mkdir"),
            ("#!/bin/sh\n# all of \\\nuseradd w\ntrue # or \\\nchmod 0 /x\n", "chmod useradd"),
            ("#!/bin/sh\necho secret > /etc/w.conf\n", "> /etc/w.conf"),
            ("#!/bin/sh\nprintf '%s' x >>\"$file\"; : >/a 2>&1\n", "> \"$file\" > /a"),
            ("#!/bin/sh\n{ echo a; } >/etc/x\nfor i in a; do echo $i; done >| /etc/y\n", "> /etc/x > /etc/y"),
            ("#!/bin/sh\necho a >/dev/null 2>&1\necho b >&2\necho c &>/dev/null\necho d 2> /dev/null >&-\n", ""),
            ("#!/bin/sh\necho \"a -> b\" 'c > d' e\\>f\n", ""),
            ("#!/bin/sh\ntrue & useradd w\n", "useradd"),
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
