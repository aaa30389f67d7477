//! Who made a package for a distribution: the distribution itself, or somebody else.

use crate::family::Family;
use consign_package::Kind;

/// Hosts from which distributions themselves publish. A package that says that it is from elsewhere is not theirs.
const HOSTS: [&str; 9] = [
    "debian.org",
    "ubuntu.com",
    "alpinelinux.org",
    "wolfi.dev",
    "cgr.dev",
    "almalinux.org",
    "rockylinux.org",
    "redhat.com",
    "fedoraproject.org",
];

/// Addresses, and hosts of such, of those who publish packages of their own for Debian and Ubuntu. None of them maintains any in these
/// distributions; hosts of those who do, such as `google.com`, do not stand here alone.
const STRANGERS: [&str; 35] = [
    "amazon.com",
    "azul.com",
    "azulsystems.com",
    "bell-sw.com",
    "clickhouse.com",
    "cloud-sdk-eng@google.com",
    "confluent.io",
    "cudatools@nvidia.com",
    "datadoghq.com",
    "docker.com",
    "dotnetfoundation.org",
    "elastic.co",
    "f5.com",
    "github.com",
    "gitlab.com",
    "grafana.com",
    "hashicorp.com",
    "influxdata.com",
    "influxdb.com",
    "jenkins.io",
    "linux-packages-keymaster@google.com",
    "mariadb.com",
    "microsoft.com",
    "mongodb.com",
    "neo4j.com",
    "newrelic.com",
    "nginx.com",
    "nodesource.com",
    "oss.oracle.com",
    "percona.com",
    "puppet.com",
    "redis.com",
    "redislabs.com",
    "temurin-dev@eclipse.org",
    "yarnpkg.com",
];
/// Names of such that give no address.
const NAMES: [&str; 4] = ["GitHub", "HashiCorp", "NodeSource", "MongoDB"];
/// What stands in versions of packages that PostgreSQL and NodeSource publish: their maintainers are Debian's, or nobody's.
const MARKS: [&str; 2] = ["pgdg", "nodesource"];

/// Returns whether a package of a distribution was made by somebody else, as far as anything says so. `supplier` is as SPDX writes it:
/// `Organization: NAME (ADDRESS)`. Of Debian's maintainers most have addresses anywhere, so one that is not known says nothing.
pub(crate) fn is_stranger(family: Family, supplier: Option<&str>, version: &str) -> bool {
    let supplier = supplier.and_then(|supplier| supplier.strip_prefix("Organization: "));
    match family.kind() {
        // The distribution's own always say whose they are; tools that pack anything, often not.
        Kind::Rpm => !supplier.is_some_and(|supplier| family.is_supplied_by(supplier)),
        Kind::Debian => MARKS.iter().any(|mark| version.contains(mark)) || supplier.is_some_and(is_known_stranger),
        _ => false,
    }
}

fn is_known_stranger(supplier: &str) -> bool {
    let (name, address) = match supplier.strip_suffix(')').and_then(|text| text.rsplit_once(" (")) {
        Some((name, address)) => (name, address),
        // A maintainer that is an address alone.
        None => (supplier, supplier),
    };
    let address = address.to_ascii_lowercase();
    let host = address.rsplit_once('@').map(|(_, host)| host);
    NAMES.contains(&name)
        || STRANGERS.iter().any(|known| address == *known || host.is_some_and(|host| is_at(host, known)))
}

/// Returns whether a distribution publishes at a place.
pub(crate) fn is_of_distribution(place: &str) -> bool {
    let place = place.split_once("://").map_or(place, |(_, rest)| rest);
    let host = place.split(['/', ':']).next().unwrap_or_default();
    HOSTS.iter().any(|known| is_at(host, known))
}

fn is_at(host: &str, known: &str) -> bool {
    host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_told_by_what_they_say_of_themselves() {
        for (family, supplier, version, expected) in [
            (Family::AlmaLinux, None, "1", true),
            (Family::AlmaLinux, Some("NOASSERTION"), "1", true),
            (Family::AlmaLinux, Some("Organization: AlmaLinux"), "1", false),
            (Family::AlmaLinux, Some("Organization: Docker"), "1", true),
            (Family::AlmaLinux, Some("Organization: Fedora Project"), "1", true),
            (Family::Debian, None, "1", false),
            (Family::Debian, Some("Organization: John Doe (x@gmail.com)"), "1", false),
            (Family::Debian, Some("Organization: Jane Doe (jane@google.com)"), "1", false),
            (Family::Debian, Some("Organization: Docker (support@docker.com)"), "1", true),
            (Family::Debian, Some("Organization: Elastic Packages (info@Elastic.co)"), "1", true),
            (Family::Debian, Some("Organization: MySQL (mysql-build@oss.oracle.com)"), "1", true),
            (Family::Debian, Some("Organization: x (x@notdocker.com)"), "1", false),
            (Family::Debian, Some("Organization: contact@grafana.com"), "1", true),
            (Family::Debian, Some("Organization: GitHub"), "1", true),
            (Family::Ubuntu, Some("Organization: NVIDIA CORPORATION (cudatools@nvidia.com)"), "1", true),
            (Family::Debian, Some("Organization: x (team+postgresql@tracker.debian.org)"), "16.1-1.pgdg120+1", true),
            (Family::Alpine, Some("Organization: Docker (support@docker.com)"), "1", false),
        ] {
            assert_eq!(is_stranger(family, supplier, version), expected, "{supplier:?} {version}");
        }
    }
}
