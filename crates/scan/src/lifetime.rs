use crate::family::Family;
use consign_package::Kind;
use consign_receipt::predicate::Lifetime;

/// The day on which this table was last compared with what distributions say.
pub const LIFETIMES_AS_OF: &str = "2026-11-22";

/// Releases, each with the last day on which everybody gets fixes, and that on which whoever pays does: for Debian (ELTS), Ubuntu (ESM), Red Hat (ELS)
/// and SUSE (LTSS). Debian's LTS is for all, in the same archive and tracker, so its end is the first; it is of the architectures that most images have.
type Releases = &'static [(&'static str, &'static str, Option<&'static str>)];

const DEBIAN: Releases = &[
    ("6", "2016-02-29", None),
    ("7", "2018-05-31", Some("2020-06-30")),
    ("8", "2020-06-30", Some("2025-06-30")),
    ("9", "2022-06-30", Some("2027-06-30")),
    ("10", "2024-06-30", Some("2029-06-30")),
    ("11", "2026-08-31", Some("2031-06-30")),
    ("12", "2028-06-30", Some("2033-06-30")),
    ("13", "2030-06-30", Some("2035-06-30")),
];
const UBUNTU: Releases = &[
    ("14.04", "2019-04-25", Some("2024-04-25")),
    ("16.04", "2021-04-30", Some("2026-04-23")),
    ("18.04", "2023-05-31", Some("2028-04-26")),
    ("19.10", "2020-07-17", None),
    ("20.04", "2025-05-29", Some("2030-04-23")),
    ("20.10", "2021-07-22", None),
    ("21.04", "2022-01-20", None),
    ("21.10", "2022-07-14", None),
    ("22.04", "2027-06-01", Some("2032-04-21")),
    ("22.10", "2023-07-20", None),
    ("23.04", "2024-01-25", None),
    ("23.10", "2024-07-11", None),
    ("24.04", "2029-05-31", Some("2034-04-25")),
    ("24.10", "2025-07-10", None),
    ("25.04", "2026-01-15", None),
    ("25.10", "2026-07-09", None),
    ("26.04", "2031-05-29", Some("2036-04-23")),
];
const ALPINE: Releases = &[
    ("3.0", "2016-05-01", None),
    ("3.1", "2016-11-01", None),
    ("3.2", "2017-05-01", None),
    ("3.3", "2017-11-01", None),
    ("3.4", "2018-05-01", None),
    ("3.5", "2018-11-01", None),
    ("3.6", "2019-05-01", None),
    ("3.7", "2019-11-01", None),
    ("3.8", "2020-05-01", None),
    ("3.9", "2020-11-01", None),
    ("3.10", "2021-05-01", None),
    ("3.11", "2021-11-01", None),
    ("3.12", "2022-05-01", None),
    ("3.13", "2022-11-01", None),
    ("3.14", "2023-05-01", None),
    ("3.15", "2023-11-01", None),
    ("3.16", "2024-05-23", None),
    ("3.17", "2024-11-22", None),
    ("3.18", "2025-05-09", None),
    ("3.19", "2025-11-01", None),
    ("3.20", "2026-04-01", None),
    ("3.21", "2026-11-01", None),
    ("3.22", "2027-05-01", None),
    ("3.23", "2027-11-01", None),
];
const ALMALINUX: Releases = &[("8", "2029-03-01", None), ("9", "2032-05-31", None), ("10", "2035-05-31", None)];
const ROCKY_LINUX: Releases = &[("8", "2029-05-31", None), ("9", "2032-05-31", None), ("10", "2035-05-31", None)];
const RED_HAT: Releases = &[
    ("5", "2017-03-31", Some("2020-11-30")),
    ("6", "2020-11-30", Some("2024-06-30")),
    ("7", "2024-06-30", Some("2028-06-30")),
    ("8", "2029-05-31", Some("2032-05-31")),
    ("9", "2032-05-31", Some("2035-05-31")),
    ("10", "2035-05-31", None),
];
/// From 8 on there are Linux and Stream of the same number, of which the latter lasted longer.
const CENTOS: Releases = &[
    ("6", "2020-11-30", None),
    ("7", "2024-06-30", None),
    ("8", "2024-05-31", None),
    ("9", "2027-05-31", None),
    ("10", "2030-01-01", None),
];
const FEDORA: Releases = &[
    ("34", "2022-06-07", None),
    ("35", "2022-12-13", None),
    ("36", "2023-05-16", None),
    ("37", "2023-12-05", None),
    ("38", "2024-05-21", None),
    ("39", "2024-11-26", None),
    ("40", "2025-05-13", None),
    ("41", "2025-12-15", None),
    ("42", "2026-05-13", None),
    ("43", "2026-12-09", None),
];
const OPENSUSE: Releases = &[
    ("15.0", "2019-12-03", None),
    ("15.1", "2021-02-02", None),
    ("15.2", "2022-01-04", None),
    ("15.3", "2022-12-31", None),
    ("15.4", "2023-12-07", None),
    ("15.5", "2024-12-31", None),
    ("15.6", "2026-04-30", None),
    ("16.0", "2027-10-31", None),
];
const SUSE: Releases = &[
    ("12.3", "2019-06-30", Some("2022-06-30")),
    ("12.4", "2020-06-30", Some("2023-06-30")),
    ("12.5", "2024-10-31", Some("2027-10-31")),
    ("15", "2019-12-31", Some("2022-12-31")),
    ("15.1", "2021-01-31", Some("2024-01-31")),
    ("15.2", "2021-12-31", Some("2024-12-31")),
    ("15.3", "2022-12-31", Some("2025-12-31")),
    ("15.4", "2023-12-31", Some("2026-12-31")),
    ("15.5", "2024-12-31", Some("2027-12-31")),
    ("15.6", "2025-12-31", Some("2028-12-31")),
    ("15.7", "2031-07-31", Some("2034-07-31")),
];
const AMAZON_LINUX: Releases =
    &[("2018.03", "2023-12-31", None), ("2", "2026-06-30", None), ("2023", "2029-06-30", None)];

/// Returns until when a release of a distribution is looked after, by its `ID` and `VERSION_ID` of `os-release`. `None`: there is no table of
/// its releases, or it goes on for ever. Whether that day is over is not judged here.
pub(crate) fn lifetime(distribution: &str, version: &str) -> Option<Lifetime> {
    let mut kinds = [Kind::Debian, Kind::Alpine, Kind::Rpm].into_iter();
    let family = kinds.find_map(|kind| Family::of_vendor(kind, distribution))?;
    let release = family.release(version).filter(|release| !release.is_empty())?;
    let releases = match family {
        Family::Debian => DEBIAN,
        Family::Ubuntu => UBUNTU,
        Family::Alpine => ALPINE,
        Family::AlmaLinux => ALMALINUX,
        Family::RockyLinux => ROCKY_LINUX,
        Family::RedHat if distribution == "centos" => CENTOS,
        Family::RedHat => RED_HAT,
        Family::Fedora => FEDORA,
        Family::OpenSuse => OPENSUSE,
        Family::Suse => SUSE,
        Family::AmazonLinux => AMAZON_LINUX,
        _ => return None,
    };
    // What has a name instead of a number, such as `edge` and `sid`, goes on for ever; Tumbleweed's numbers are days.
    if !release.starts_with(|letter: char| letter.is_ascii_digit()) || distribution == "opensuse-tumbleweed" {
        return None;
    }
    let lowest = releases.iter().min_by_key(|(known, ..)| numbers(known));
    // What is older than all that the table has ended before the first of them did.
    let is_older = |(known, ..): &&(&str, &'static str, Option<&'static str>)| numbers(&release) < numbers(known);
    let older = lowest.filter(is_older).map(|(known, ends, _)| (*known, *ends, None));
    let found = releases.iter().find(|(known, ..)| *known == release).copied().or(older);
    Some(Lifetime {
        release: format!("{distribution} {release}"),
        ends: found.map(|(_, ends, _)| ends.to_owned()),
        extended: found.and_then(|(_, _, extended)| extended.map(str::to_owned)),
        unknown_as_of: found.is_none().then(|| LIFETIMES_AS_OF.to_owned()),
    })
}

/// Returns the numbers of a release, which have an order.
fn numbers(release: &str) -> Vec<u32> {
    release.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Date;

    #[test]
    fn releases_end_on_known_days() {
        for (distribution, version, expected) in [
            ("debian", "11", Some("2026-08-31 2031-06-30")),
            ("debian", "12", Some("2028-06-30 2033-06-30")),
            ("debian", "bookworm", Some("2028-06-30 2033-06-30")),
            ("debian", "trixie", Some("2030-06-30 2035-06-30")),
            ("ubuntu", "22.04", Some("2027-06-01 2032-04-21")),
            ("ubuntu", "jammy", Some("2027-06-01 2032-04-21")),
            ("ubuntu", "25.04", Some("2026-01-15 -")),
            ("alpine", "3.11.5", Some("2021-11-01 -")),
            ("alpine", "3.23.3", Some("2027-11-01 -")),
            ("alpine", "3.24_alpha20260127", None),
            ("almalinux", "8.10", Some("2029-03-01 -")),
            ("rocky", "9.6", Some("2032-05-31 -")),
            ("rhel", "7.9", Some("2024-06-30 2028-06-30")),
            ("centos", "7", Some("2024-06-30 -")),
            ("fedora", "40", Some("2025-05-13 -")),
            ("opensuse-leap", "15.6", Some("2026-04-30 -")),
            ("sles", "15.5", Some("2024-12-31 2027-12-31")),
            ("amzn", "2023", Some("2029-06-30 -")),
            ("wolfi", "20230201", None),
            ("debian", "6", Some("2016-02-29 -")),
            ("debian", "5", Some("2016-02-29 -")),
            ("debian", "forky", Some("unknown as of 2026-11-22 -")),
            ("debian", "sid", None),
            ("alpine", "3.24.1", Some("unknown as of 2026-11-22 -")),
            ("alpine", "edge", None),
            ("sles", "16.0", Some("unknown as of 2026-11-22 -")),
            ("opensuse-tumbleweed", "20260101", None),
            ("debian", "", None),
            ("arch", "1", None),
        ] {
            let found = lifetime(distribution, version);
            let text = found.map(|found| {
                let unknown = || format!("unknown as of {}", found.unknown_as_of.clone().unwrap_or_default());
                let ends = found.ends.clone().unwrap_or_else(unknown);
                format!("{ends} {}", found.extended.as_deref().unwrap_or("-"))
            });
            assert_eq!(text.as_deref(), expected, "{distribution} {version}");
        }
    }

    #[test]
    fn every_day_is_one_and_nothing_is_extended_into_the_past() {
        for releases in
            [DEBIAN, UBUNTU, ALPINE, ALMALINUX, ROCKY_LINUX, RED_HAT, CENTOS, FEDORA, OPENSUSE, SUSE, AMAZON_LINUX]
        {
            for (release, ends, extended) in releases {
                let ends: Date = ends.parse().unwrap();
                assert!(extended.is_none_or(|extended| extended.parse::<Date>().unwrap() > ends), "{release}");
                assert_eq!(releases.iter().filter(|(other, ..)| other == release).count(), 1, "{release}");
            }
        }
        assert!(LIFETIMES_AS_OF.parse::<Date>().is_ok());
    }
}
