use super::found::{Found, severity};
use super::{EngineReport, Told, changed, kind, list, read};
use crate::ScanError;
use consign_receipt::predicate::AdvisoryDatabase;
use consign_receipt::{Epss, FixStatus, Share};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `grype --output json`.
#[derive(Deserialize)]
struct Report {
    #[serde(deserialize_with = "list")]
    matches: Vec<Match>,
    descriptor: Descriptor,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    vulnerability: Vulnerability,
    #[serde(default, deserialize_with = "list")]
    related_vulnerabilities: Vec<Related>,
    artifact: Artifact,
}

#[derive(Deserialize)]
struct Related {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vulnerability {
    id: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    fix: Fix,
    #[serde(default, deserialize_with = "list")]
    epss: Vec<Likelihood>,
    #[serde(default, deserialize_with = "list")]
    known_exploited: Vec<Exploited>,
    #[serde(default, deserialize_with = "list")]
    advisories: Vec<Related>,
}

#[derive(Default, Deserialize)]
struct Fix {
    #[serde(default, deserialize_with = "list")]
    versions: Vec<String>,
    #[serde(default)]
    state: String,
}

#[derive(Deserialize)]
struct Likelihood {
    epss: Share,
    percentile: Share,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exploited {
    #[serde(default)]
    date_added: Option<String>,
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    purl: String,
    #[serde(default, deserialize_with = "list")]
    upstreams: Vec<Upstream>,
}

#[derive(Deserialize)]
struct Upstream {
    name: String,
    #[serde(default)]
    version: Option<String>,
}

#[derive(Deserialize)]
struct Descriptor {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    db: Option<Database>,
}

#[derive(Deserialize)]
struct Database {
    /// Absent in grype below 0.88, where it stood one level higher.
    #[serde(default)]
    status: Option<Status>,
    #[serde(flatten)]
    flat: Status,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    schema_version: Option<serde_json::Value>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    built: Option<String>,
}

/// `grype --output cyclonedx-json`: of it only which packages there are.
#[derive(Deserialize)]
struct Bill {
    #[serde(default, deserialize_with = "list")]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default)]
    purl: Option<String>,
}

pub(super) fn told(written: &EngineReport<'_>) -> Result<Told, ScanError> {
    let Report { matches, descriptor } = read(written.engine, "the report", written.report)?;
    let bill: Bill = read(written.engine, "the list of packages", written.aside)?;
    let mut packages: BTreeMap<String, usize> = BTreeMap::new();
    // Components without one are files, and the distribution.
    for purl in bill.components.iter().filter_map(|component| kind(component.purl.as_deref()?)) {
        *packages.entry(purl.to_owned()).or_default() += 1;
    }
    let status = descriptor.db.map(|database| database.status.unwrap_or(database.flat)).unwrap_or_default();
    let schema = status.schema_version.map(|version| match version {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    });
    Ok(Told {
        version: descriptor.version,
        database: AdvisoryDatabase {
            uri: status.from.filter(|from| from.starts_with("https://")),
            version: schema.map(|schema| format!("grype-db {schema}")),
            last_update: changed(status.built),
        },
        packages,
        found: matches.into_iter().map(one).collect(),
    })
}

fn one(found: Match) -> Found {
    let Match { vulnerability, related_vulnerabilities, artifact } = found;
    let related = related_vulnerabilities.into_iter().chain(vulnerability.advisories);
    let upstream = artifact.upstreams.into_iter().next();
    let (package, version) = match upstream {
        Some(Upstream { name, version }) => (name, version.unwrap_or_else(|| artifact.version.clone())),
        None => (artifact.name.clone(), artifact.version.clone()),
    };
    let likelihood = vulnerability.epss.into_iter().max_by_key(|likelihood| likelihood.epss);
    Found {
        names: [vulnerability.id].into_iter().chain(related.map(|related| related.id)).collect(),
        package,
        version,
        installed: artifact.name,
        purl: Some(artifact.purl).filter(|purl| !purl.is_empty()),
        severity: severity(vulnerability.severity.as_deref()),
        fixed: vulnerability.fix.versions.into_iter().next(),
        status: match vulnerability.fix.state.as_str() {
            "fixed" => Some(FixStatus::Fixed),
            "not-fixed" => Some(FixStatus::Affected),
            "wont-fix" => Some(FixStatus::WillNotFix),
            _ => None,
        },
        known_exploited: vulnerability.known_exploited.into_iter().filter_map(|known| known.date_added).min(),
        epss: likelihood.map(|Likelihood { epss, percentile }| Epss { score: epss, percentile }),
        source: match vulnerability.namespace.as_str() {
            "" => "grype".to_owned(),
            namespace => format!("grype: {namespace}"),
        },
    }
}
