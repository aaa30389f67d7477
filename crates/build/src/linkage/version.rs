use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Returns the latest of the versions that bear the same name as `wanted`, such as `GLIBC_2.36` for `GLIBC_2.38`.
pub(super) fn latest<'a>(wanted: &str, there: &'a BTreeSet<String>) -> Option<&'a str> {
    let (name, _) = split(wanted);
    let same = there.iter().map(String::as_str).filter(|version| split(version).0 == name);
    same.filter(|version| split(version).1.starts_with(|c: char| c.is_ascii_digit()))
        .max_by(|one, other| compare(one, other))
}

/// Compares the numbers of versions.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let numbers =
        |version: &str| split(version).1.split('.').map(|number| number.parse().unwrap_or(0)).collect::<Vec<u64>>();
    numbers(one).cmp(&numbers(other))
}

/// Splits a version into its name and its numbers.
fn split(version: &str) -> (&str, &str) {
    version.rsplit_once('_').unwrap_or((version, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_is_that_of_the_highest_numbers() {
        let there = ["GLIBC_2.2.5", "GLIBC_2.36", "GLIBC_2.4", "GLIBC_PRIVATE", "GLIBCXX_3.4", "OPENSSL_3.0.0"];
        let there = there.map(str::to_owned).into();
        for (wanted, expected) in [
            ("GLIBC_2.38", Some("GLIBC_2.36")),
            ("GLIBCXX_3.4.32", Some("GLIBCXX_3.4")),
            ("CXXABI_1.3", None),
            ("FOO", None),
        ] {
            assert_eq!(latest(wanted, &there), expected, "{wanted}");
        }
        assert_eq!(compare("GLIBC_2.4", "GLIBC_2.36"), Ordering::Less);
    }
}
