//! Version order against collected comparisons.

use consign_package::deb::Version;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

fn data() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::env::var_os("CONSIGN_TEST_DATA").map_or_else(beside, PathBuf::from)
}

#[test]
fn agrees_with_collected_comparisons() {
    let mut count = 0;
    for name in ["debian-versions.txt", "debian-versions-generated-odd.txt"] {
        let Ok(text) = std::fs::read_to_string(data().join("versions").join(name)) else {
            println!("not run: {name} (no test data)");
            return;
        };
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with(['#', '/'])) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [left, sign, right] = words[..] else { panic!("{line}") };
            let expected = match sign {
                "<" => Ordering::Less,
                "=" => Ordering::Equal,
                ">" => Ordering::Greater,
                _ => panic!("{line}"),
            };
            let (left, right): (Version, Version) = (left.parse().unwrap(), right.parse().unwrap());
            assert_eq!(left.cmp(&right), expected, "{line}");
            assert_eq!(right.cmp(&left), expected.reverse(), "{line}");
            count += 1;
        }
    }
    assert!(count > 5000, "only {count} comparisons");
}
