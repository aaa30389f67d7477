use consign_oci::Platform;
use consign_package::elf::gnu_triplet;
use std::ops::Range;

/// What a word in braces stands for; nothing where it means nothing for the platform.
type Meaning = fn(&Platform) -> Option<String>;

/// The words that are filled in.
const WORDS: [(&str, Meaning); 11] = [
    ("os", |platform| Some(platform.os().to_owned())),
    ("arch", |platform| Some(platform.architecture().to_owned())),
    ("variant", |platform| Some(platform.variant().unwrap_or_default().to_owned())),
    ("platform", |platform| Some(platform.slug())),
    ("rust-target", |platform| rust_target(platform, "gnu")),
    ("rust-musl-target", |platform| rust_target(platform, "musl")),
    ("goos", |platform| Some(platform.os().to_owned())),
    ("goarch", |platform| Some(platform.architecture().to_owned())),
    ("goarm", |platform| Some(variant_of("arm", platform).trim_start_matches('v').to_owned())),
    ("goamd64", |platform| Some(variant_of("amd64", platform).to_owned())),
    ("gnu-triplet", gnu_triplet),
];

/// The words, for messages.
pub(crate) const KNOWN: &str = "`{os}`, `{arch}`, `{variant}`, `{platform}`, `{rust-target}`, `{rust-musl-target}`, \
    `{goos}`, `{goarch}`, `{goarm}`, `{goamd64}` and `{gnu-triplet}`";

/// Fills the words that stand for something in. Anything else in braces stays as it is, as does what a shell would fill in: `${arch}`.
pub(crate) fn fill(template: &str, platform: &Platform) -> String {
    fill_words(template, |word| meaning(word).and_then(|meaning| meaning(platform)))
}

/// Fills words in braces in that mean something. Anything else in braces stays as it is, as does what a shell would fill in: `${word}`.
pub fn fill_words(template: &str, mut meaning: impl FnMut(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut done = 0;
    for range in ranges(template) {
        filled.push_str(&template[done..range.start]);
        let value = meaning(&template[range.start + 1..range.end - 1]);
        filled.push_str(value.as_deref().unwrap_or(&template[range.clone()]));
        done = range.end;
    }
    filled + &template[done..]
}

/// Returns the first word in braces that was not filled in.
pub(crate) fn unknown(filled: &str) -> Option<&str> {
    in_braces(filled).next()
}

/// Returns the first word in braces that looks like one of ours and is none.
pub(crate) fn misspelt(template: &str) -> Option<&str> {
    unknown_word(template, |word| meaning(word).is_some())
}

/// Returns the first word in braces, with them, that looks like one that could be filled in, and is not known.
pub fn unknown_word(template: &str, is_known: impl Fn(&str) -> bool) -> Option<&str> {
    in_braces(template).find(|braced| {
        let word = &braced[1..braced.len() - 1];
        let like_ours = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !word.is_empty() && word.bytes().all(like_ours) && !is_known(word)
    })
}

/// Returns the first word that would be filled in: what differs from platform to platform.
pub(crate) fn known(template: &str) -> Option<&str> {
    in_braces(template).find(|braced| meaning(&braced[1..braced.len() - 1]).is_some())
}

fn meaning(word: &str) -> Option<Meaning> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
}

/// Returns the words in braces, with their braces, but for those that a shell fills in.
fn in_braces(text: &str) -> impl Iterator<Item = &str> {
    ranges(text).map(|range| &text[range])
}

fn ranges(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let end = from + text[from..].find('}')? + 1;
            let start = text[from..end].rfind('{').map(|start| from + start);
            from = end;
            match start {
                Some(start) if !text[..start].ends_with('$') => return Some(start..end),
                _ => {}
            }
        }
    })
}

/// Returns the variant of a platform of this architecture.
fn variant_of<'a>(architecture: &str, platform: &'a Platform) -> &'a str {
    platform.variant().filter(|_| platform.architecture() == architecture).unwrap_or_default()
}

/// Returns the target that rustc makes programs for (rustc book, "Platform Support"); `libc` is `gnu` or `musl`.
fn rust_target(platform: &Platform, libc: &str) -> Option<String> {
    if platform.os() != "linux" {
        return None;
    }
    let (machine, suffix) = match (platform.architecture(), platform.variant()) {
        ("amd64", _) => ("x86_64", ""),
        ("386", _) => ("i686", ""),
        ("arm64", _) => ("aarch64", ""),
        ("arm", Some("v7")) => ("armv7", "eabihf"),
        ("arm", Some("v6")) => ("arm", "eabihf"),
        ("arm", Some("v5")) => ("armv5te", "eabi"),
        ("loong64", _) => ("loongarch64", ""),
        ("mips64le", _) => ("mips64el", "abi64"),
        ("ppc64le", _) => ("powerpc64le", ""),
        ("riscv64", _) => ("riscv64gc", ""),
        ("s390x", _) => ("s390x", ""),
        _ => return None,
    };
    Some(format!("{machine}-unknown-linux-{libc}{suffix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_the_platform() {
        let table = [
            ("linux/arm/v7", "bin/{os}-{arch}{variant}/{platform}/{x}", "bin/linux-armv7/linux-arm-v7/{x}"),
            ("linux/amd64", "bin/{arch}{variant}", "bin/amd64"),
            ("linux/amd64", "{rust-target} {gnu-triplet}", "x86_64-unknown-linux-gnu x86_64-linux-gnu"),
            ("linux/arm/v7", "{rust-musl-target} {gnu-triplet}", "armv7-unknown-linux-musleabihf arm-linux-gnueabihf"),
            ("linux/arm/v6", "{goos}/{goarch}/{goarm}{goamd64}", "linux/arm/6"),
            ("linux/amd64/v3", "{goarch}{goarm}/{goamd64}", "amd64/v3"),
            ("linux/arm64", "{goarm}{goamd64}.", "."),
            ("linux/wasm", "{rust-target}", "{rust-target}"),
            ("linux/amd64", "sh -c 'a=${arch}; {{arch}} {arch'", "sh -c 'a=${arch}; {amd64} {arch'"),
            ("linux/amd64", "}{ä}{{", "}{ä}{{"),
        ];
        for (platform, template, expected) in table {
            assert_eq!(fill(template, &platform.parse().unwrap()), expected);
        }
    }

    #[test]
    fn finds_words_in_braces() {
        let table = [
            ("a/{x}/b", Some("{x}"), Some("{x}")),
            ("{rust_target} {rusttarget}", Some("{rust_target}"), Some("{rusttarget}")),
            ("{arch}", Some("{arch}"), None),
            ("a", None, None),
            ("}{", None, None),
            ("{ä}{b}", Some("{ä}"), Some("{b}")),
            ("{} ${x} {\"a\": 1}", Some("{}"), None),
            ("{a", None, None),
        ];
        for (text, first, wrong) in table {
            assert_eq!((unknown(text), misspelt(text)), (first, wrong), "{text}");
        }
        assert_eq!((known("{x}{arch}"), known("{x}")), (Some("{arch}"), None));
    }
}
