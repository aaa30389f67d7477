//! Version order against collected comparisons. They are samples, so the orders follow the tools and not these files.

#![expect(clippy::print_stdout, reason = "a test that is not run says so")]

use consign_package::version::VersionOrder;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// Files, the order that each is about, and how many comparisons it has at least.
const FILES: [(&str, VersionOrder, usize); 19] = [
    ("debian-versions.txt", VersionOrder::Dpkg, 20),
    ("debian-versions-generated-odd.txt", VersionOrder::Dpkg, 7000),
    ("alpine-versions.txt", VersionOrder::Apk, 700),
    ("alpine-versions-generated-odd.txt", VersionOrder::Apk, 6900),
    ("apk-tools-version-odd.data", VersionOrder::Apk, 360),
    ("redhat-versions.txt", VersionOrder::Rpm, 150),
    ("pypi-versions.txt", VersionOrder::Python, 30),
    ("pypi-versions-generated-odd.txt", VersionOrder::Python, 6000),
    ("semver-versions.txt", VersionOrder::Semantic, 80),
    ("maven-versions.txt", VersionOrder::Maven, 100),
    ("maven-versions-generated-odd.txt", VersionOrder::Maven, 7000),
    ("rubygems-versions.txt", VersionOrder::RubyGems, 20),
    ("rubygems-versions-generated-odd.txt", VersionOrder::RubyGems, 2000),
    ("packagist-versions.txt", VersionOrder::Composer, 90),
    ("packagist-versions-generated-odd.txt", VersionOrder::Composer, 5000),
    ("nuget-versions.txt", VersionOrder::NuGet, 30),
    ("cran-versions.txt", VersionOrder::Cran, 20),
    ("hackage-versions.txt", VersionOrder::Hackage, 8),
    ("pub-versions.txt", VersionOrder::Pub, 90),
];

fn read(name: &str) -> Option<String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("CONSIGN_TEST_DATA").map_or_else(beside, PathBuf::from);
    let text = std::fs::read_to_string(data.join("versions").join(name));
    text.inspect_err(|_| println!("not run: {name} (no test data)")).ok()
}

#[test]
fn agrees_with_collected_comparisons() {
    let mut wrong = Vec::new();
    for (name, order, least) in FILES {
        let Some(text) = read(name) else { continue };
        let mut count = 0;
        for line in text.lines() {
            let words: Vec<&str> = line.split("\t#").next().unwrap_or_default().split_whitespace().collect();
            if line.starts_with(['#', '/']) {
                continue;
            }
            let expected = match words[..] {
                [_, "<", _] => Ordering::Less,
                [_, "=", _] => Ordering::Equal,
                [_, ">", _] => Ordering::Greater,
                // apk's matching of dependencies by their beginnings is no order. What it calls invalid, after `!`, it compares all the same.
                [_, "~" | "<~" | "!~", _] | [] => continue,
                [invalid] if invalid.starts_with('!') => continue,
                [valid] => {
                    assert_eq!(order.compare(valid, valid), Ok(Ordering::Equal), "{name}: {line}");
                    continue;
                }
                _ => {
                    wrong.push(format!("{name}: what is {line}?"));
                    continue;
                }
            };
            let (one, other) = (words[0], words[2]);
            let found = [order.compare(one, other), order.compare(other, one).map(Ordering::reverse)];
            if found != [Ok(expected), Ok(expected)] {
                wrong.push(format!("{name}: {line}: {found:?} in the order of {}", order.name()));
            }
            count += 1;
        }
        assert!(count >= least, "{name}: only {count} comparisons");
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong[..wrong.len().min(60)].join("\n"));
}
