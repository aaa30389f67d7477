/// Where OSV offers the records of each ecosystem.
const OSV: &str = "https://osv-vulnerabilities.storage.googleapis.com";
/// The first year of which the NVD has a feed; it has those of earlier years, too.
const FIRST_OF_NVD: i16 = 2002;

/// Feeds that are published together under one name, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFeed {
    /// The name, such as `debian`, `alpine:v3.22` or `osv:PyPI`.
    pub name: String,
    /// The addresses of its files, all of which are needed.
    pub addresses: Vec<String>,
}

impl PublishedFeed {
    /// How names of feeds are written, for messages.
    pub const NAMES: [&str; 9] =
        ["alpine", "alpine:BRANCH", "chainguard", "debian", "epss", "kev", "nvd", "osv:ECOSYSTEM", "wolfi"];
    /// What a database is made of where nobody says. Feeds of other distributions are named by those who have images of them.
    pub const USUAL: [&str; 17] = [
        "alpine",
        "chainguard",
        "debian",
        "epss",
        "kev",
        "nvd",
        "osv:AlmaLinux",
        "osv:Go",
        "osv:Maven",
        "osv:NuGet",
        "osv:Packagist",
        "osv:PyPI",
        "osv:Rocky Linux",
        "osv:RubyGems",
        "osv:crates.io",
        "osv:npm",
        "wolfi",
    ];

    /// Returns the feed of this name; `None` where none is known. `year`: the last of which records are looked for.
    pub fn named(name: &str, year: i16) -> Option<Self> {
        let one = |address: &str| vec![address.to_owned()];
        let addresses = match name.split_once(':') {
            None => match name {
                "alpine" => one(&osv("Alpine")),
                "chainguard" => one("https://packages.cgr.dev/chainguard/security.json"),
                "debian" => one("https://security-tracker.debian.org/tracker/data/json"),
                "epss" => one("https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"),
                "kev" => one("https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"),
                "nvd" => (FIRST_OF_NVD..=year)
                    .map(|year| format!("https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-{year}.json.gz"))
                    .collect(),
                "wolfi" => one("https://packages.wolfi.dev/os/security.json"),
                _ => return None,
            },
            Some(("alpine", branch)) if is_branch(branch) => {
                ["main", "community"].map(|part| format!("https://secdb.alpinelinux.org/{branch}/{part}.json")).to_vec()
            }
            Some(("osv", ecosystem)) if is_ecosystem(ecosystem) => one(&osv(ecosystem)),
            Some(_) => return None,
        };
        Some(Self { name: name.to_owned(), addresses })
    }
}

fn osv(ecosystem: &str) -> String {
    format!("{OSV}/{}/all.zip", ecosystem.replace(' ', "%20"))
}

/// Returns whether this is a branch of Alpine's, as its folders are called.
fn is_branch(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let release = || text.strip_prefix('v')?.split_once('.');
    text == "edge" || release().is_some_and(|(major, minor)| number(major) && number(minor))
}

/// Returns whether this may be an ecosystem of OSV's, without a release: its archives have all of them.
fn is_ecosystem(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_usual_has_a_name() {
        let names: Vec<_> = PublishedFeed::USUAL.iter().map(|name| PublishedFeed::named(name, 2026).unwrap()).collect();
        let addresses: Vec<&String> = names.iter().flat_map(|feed| &feed.addresses).collect();
        assert!(addresses.iter().all(|address| address.starts_with("https://")));
        assert_eq!(addresses.len(), 16 + 25);
        assert!(addresses.iter().any(|address| address.ends_with("nvdcve-2.0-2026.json.gz")));
    }

    #[test]
    fn names_are_exact() {
        let addresses = |name: &str| PublishedFeed::named(name, 2026).map(|feed| feed.addresses);
        assert_eq!(
            addresses("alpine:v3.22").unwrap(),
            ["https://secdb.alpinelinux.org/v3.22/main.json", "https://secdb.alpinelinux.org/v3.22/community.json"]
        );
        assert_eq!(addresses("osv:Rocky Linux").unwrap(), [format!("{OSV}/Rocky%20Linux/all.zip")]);
        for unknown in [
            "",
            "Debian",
            "alpine:",
            "alpine:3.22",
            "alpine:v3.x",
            "alpine:v3/../..",
            "osv:",
            "osv:a/b",
            "osv:%2e",
            "x:y",
        ] {
            assert_eq!(addresses(unknown), None, "{unknown}");
        }
    }
}
