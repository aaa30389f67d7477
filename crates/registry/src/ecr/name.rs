/// A registry of ECR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registry {
    /// One of an account.
    Private {
        /// The account. `None`: the one that the keys are of.
        account: Option<String>,
        /// The region that it is in.
        region: String,
        /// How its names end, and how it is reached.
        network: Network,
    },
    /// The one that anybody reads from.
    Public {
        /// Whether it is reached by IPv6 too.
        dual_stack: bool,
    },
}

/// How names of a registry's services end, and how they are reached (AWS General Reference, "Amazon ECR endpoints and quotas").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The end of the names of services, such as `amazonaws.com`.
    services: &'static str,
    /// The end of the names of services that are reached by IPv6 too, if the registry is.
    dual_stack: Option<&'static str>,
    /// Whether only validated cryptography is spoken.
    fips: bool,
}

/// The region of the service of the public registry, the only one.
const PUBLIC_REGION: &str = "us-east-1";
/// Ends of the names of registries, and of services: by IPv4, by both.
const PARTITIONS: [(&str, &str, Option<&str>); 5] = [
    ("amazonaws.com", "amazonaws.com", None),
    ("amazonaws.com.cn", "amazonaws.com.cn", None),
    ("amazonaws.eu", "amazonaws.eu", None),
    ("on.aws", "amazonaws.com", Some("api.aws")),
    ("on.amazonwebservices.com.cn", "amazonaws.com.cn", Some("api.amazonwebservices.com.cn")),
];

impl Registry {
    /// Returns the registry of that host name, if it is one of ECR's (Amazon ECR User Guide, "Making requests to Amazon ECR registries").
    pub fn of(host: &str) -> Option<Self> {
        match host {
            "public.ecr.aws" => return Some(Self::Public { dual_stack: false }),
            "ecr-public.aws.com" => return Some(Self::Public { dual_stack: true }),
            _ => {}
        }
        let (account, rest) = host.split_once('.')?;
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let forms = [
            ("dkr.ecr.", false, false),
            ("dkr.ecr-fips.", false, true),
            ("dkr-ecr.", true, false),
            ("dkr-ecr-fips.", true, true),
        ];
        let (rest, dual, fips) =
            forms.into_iter().find_map(|(start, dual, fips)| Some((rest.strip_prefix(start)?, dual, fips)))?;
        let (region, end) = rest.split_once('.')?;
        let (_, services, dual_stack) =
            PARTITIONS.into_iter().find(|(registries, _, both)| *registries == end && both.is_some() == dual)?;
        is_region(region).then(|| Self::Private {
            account: Some(account.to_owned()),
            region: region.to_owned(),
            network: Network { services, dual_stack, fips },
        })
    }

    /// Returns the registry in this region that goes by a name of somebody's own; `None` if that is the name of no region.
    pub fn in_region(region: &str) -> Option<Self> {
        let services = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let network = Network { services, dual_stack: None, fips: false };
        is_region(region).then(|| Self::Private { account: None, region: region.to_owned(), network })
    }

    /// Returns whether anybody reads from it.
    pub fn is_public(&self) -> bool {
        matches!(self, Self::Public { .. })
    }

    pub(super) fn region(&self) -> &str {
        match self {
            Self::Private { region, .. } => region,
            Self::Public { .. } => PUBLIC_REGION,
        }
    }

    /// Returns the address of the service that knows its repositories.
    pub(super) fn service(&self) -> String {
        match self {
            Self::Private { region, network, .. } => match network {
                Network { dual_stack: Some(end), fips: false, .. } => format!("https://ecr.{region}.{end}"),
                Network { dual_stack: Some(end), fips: true, .. } => format!("https://ecr-fips.{region}.{end}"),
                Network { services: end, fips: true, .. } => format!("https://ecr-fips.{region}.{end}"),
                Network { services: end, .. } => format!("https://api.ecr.{region}.{end}"),
            },
            Self::Public { dual_stack: true } => format!("https://ecr-public.{PUBLIC_REGION}.api.aws"),
            Self::Public { dual_stack: false } => format!("https://api.ecr-public.{PUBLIC_REGION}.amazonaws.com"),
        }
    }

    /// Returns the address of the service that gives keys, in the registry's own region (AWS General Reference, "AWS Security Token Service endpoints
    /// and quotas").
    pub(super) fn sts(&self) -> String {
        match self {
            Self::Private { region, network, .. } => {
                // There the usual service speaks validated cryptography only, and no other has a name.
                let fips = if network.fips && !region.starts_with("us-gov-") { "-fips" } else { "" };
                format!("https://sts{fips}.{region}.{}", network.services)
            }
            Self::Public { .. } => format!("https://sts.{PUBLIC_REGION}.amazonaws.com"),
        }
    }
}

/// Returns whether a text may name a region. It becomes part of an address.
fn is_region(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_of_ecr() {
        for (host, service, sts) in [
            (
                "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
                "api.ecr.eu-central-1.amazonaws.com",
                "sts.eu-central-1.amazonaws.com",
            ),
            (
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
                "api.ecr.cn-north-1.amazonaws.com.cn",
                "sts.cn-north-1.amazonaws.com.cn",
            ),
            (
                "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
                "api.ecr.eusc-de-east-1.amazonaws.eu",
                "sts.eusc-de-east-1.amazonaws.eu",
            ),
            (
                "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
                "ecr-fips.us-east-1.amazonaws.com",
                "sts-fips.us-east-1.amazonaws.com",
            ),
            (
                "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
                "ecr-fips.us-gov-west-1.amazonaws.com",
                "sts.us-gov-west-1.amazonaws.com",
            ),
            ("123456789012.dkr-ecr.us-west-2.on.aws", "ecr.us-west-2.api.aws", "sts.us-west-2.amazonaws.com"),
            (
                "123456789012.dkr-ecr-fips.us-west-2.on.aws",
                "ecr-fips.us-west-2.api.aws",
                "sts-fips.us-west-2.amazonaws.com",
            ),
            (
                "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
                "ecr.cn-north-1.api.amazonwebservices.com.cn",
                "sts.cn-north-1.amazonaws.com.cn",
            ),
            ("public.ecr.aws", "api.ecr-public.us-east-1.amazonaws.com", "sts.us-east-1.amazonaws.com"),
            ("ecr-public.aws.com", "ecr-public.us-east-1.api.aws", "sts.us-east-1.amazonaws.com"),
        ] {
            let registry = Registry::of(host).unwrap();
            assert_eq!(registry.service(), format!("https://{service}"), "{host}");
            assert_eq!(registry.sts(), format!("https://{sts}"), "{host}");
        }
    }

    #[test]
    fn others() {
        for host in [
            "",
            "docker.io",
            "ecr.aws",
            "public.ecr.aws:443",
            "public.ecr.aws.example",
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com.example",
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com:443",
            "123456789012.dkr.ecr.eu-central-1.on.aws",
            "123456789012.dkr-ecr.eu-central-1.amazonaws.com",
            "123456789012.dkr.ecr.amazonaws.com",
            "123456789012.dkr.ecr..amazonaws.com",
            "123456789012.dkr.ecr.a/b.amazonaws.com",
            "12345678901.dkr.ecr.eu-central-1.amazonaws.com",
            "1234567890123.dkr.ecr.eu-central-1.amazonaws.com",
            "12345678901x.dkr.ecr.eu-central-1.amazonaws.com",
            "123456789012.s3.eu-central-1.amazonaws.com",
            "ü2345678901.dkr.ecr.eu-central-1.amazonaws.com",
        ] {
            assert_eq!(Registry::of(host), None, "{host}");
        }
        for region in ["", "eu.central", "EU", "-a", "a/b", "evil.example/"] {
            assert_eq!(Registry::in_region(region), None, "{region}");
        }
    }
}
