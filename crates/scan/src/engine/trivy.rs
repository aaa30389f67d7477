use super::found::{Found, severity};
use super::{EngineReport, Told, changed, kind, list, read};
use crate::ScanError;
use consign_receipt::FixStatus;
use consign_receipt::predicate::AdvisoryDatabase;
use serde::Deserialize;
use serde::de::Error;
use std::collections::BTreeMap;

/// The schema of the report that is read.
const SCHEMA: u32 = 2;

/// `trivy image --format json --list-all-pkgs`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    schema_version: u32,
    #[serde(default, deserialize_with = "list")]
    results: Vec<Part>,
}

/// Packages of one kind, or of one file.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    #[serde(default, rename = "Type")]
    kind: String,
    #[serde(default, deserialize_with = "list")]
    packages: Vec<Package>,
    #[serde(default, deserialize_with = "list")]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default, rename = "ID")]
    id: String,
    #[serde(default, rename = "Identifier")]
    identifier: Identifier,
    #[serde(default, rename = "SrcName")]
    source_name: String,
    #[serde(default, rename = "SrcVersion")]
    source_version: String,
    #[serde(default, rename = "SrcRelease")]
    source_release: String,
    #[serde(default, rename = "SrcEpoch")]
    source_epoch: u32,
}

impl Package {
    /// Returns the source package and its version, as distributions write it.
    fn source(&self) -> Option<(String, String)> {
        let Self { source_name, source_version, source_release, source_epoch, .. } = self;
        let epoch = if *source_epoch == 0 { String::new() } else { format!("{source_epoch}:") };
        let release = if source_release.is_empty() { String::new() } else { format!("-{source_release}") };
        let is_known = !source_name.is_empty() && !source_version.is_empty();
        is_known.then(|| (source_name.clone(), format!("{epoch}{source_version}{release}")))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vulnerability {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(default, rename = "VendorIDs", deserialize_with = "list")]
    vendor_ids: Vec<String>,
    #[serde(default, rename = "PkgID")]
    package_id: String,
    pkg_name: String,
    #[serde(default)]
    pkg_identifier: Identifier,
    #[serde(default)]
    installed_version: String,
    #[serde(default)]
    fixed_version: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    data_source: Option<Source>,
}

#[derive(Default, Deserialize)]
struct Identifier {
    #[serde(default, rename = "PURL")]
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(default, rename = "ID")]
    id: String,
}

/// `trivy version --format json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    version: String,
    #[serde(default, rename = "VulnerabilityDB")]
    database: Option<Database>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Database {
    #[serde(default)]
    version: u32,
    #[serde(default)]
    updated_at: Option<String>,
}

pub(super) fn told(written: &EngineReport<'_>) -> Result<Told, ScanError> {
    let report: Report = read(written.engine, "the report", written.report)?;
    if report.schema_version != SCHEMA {
        let source = Error::custom(format!("it has schema {}, and {SCHEMA} is read", report.schema_version));
        return Err(ScanError::Engine { engine: written.engine, what: "the report", source });
    }
    let Version { version, database } = read(written.engine, "the version", written.aside)?;
    let mut packages: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for part in report.results {
        for package in &part.packages {
            let kind = package.identifier.purl.as_deref().and_then(kind).unwrap_or(&part.kind);
            *packages.entry(kind.to_owned()).or_default() += 1;
        }
        let sources: BTreeMap<&str, (String, String)> =
            part.packages.iter().filter_map(|package| Some((package.id.as_str(), package.source()?))).collect();
        found.extend(part.vulnerabilities.into_iter().map(|vulnerability| {
            let source = sources.get(vulnerability.package_id.as_str()).cloned();
            one(vulnerability, source)
        }));
    }
    let stated = database.as_ref().map(|database| format!("trivy-db {}", database.version));
    Ok(Told {
        version: Some(version),
        database: AdvisoryDatabase {
            uri: None,
            version: stated,
            last_update: changed(database.and_then(|database| database.updated_at)),
        },
        packages,
        found,
    })
}

fn one(found: Vulnerability, source: Option<(String, String)>) -> Found {
    let (package, version) = source.unwrap_or_else(|| (found.pkg_name.clone(), found.installed_version.clone()));
    Found {
        names: [found.id].into_iter().chain(found.vendor_ids).collect(),
        package,
        version,
        installed: found.pkg_name,
        purl: found.pkg_identifier.purl,
        severity: severity(found.severity.as_deref()),
        fixed: Some(found.fixed_version).filter(|version| !version.is_empty()),
        status: FixStatus::ALL.into_iter().find(|status| status.word() == found.status),
        known_exploited: None,
        epss: None,
        source: found.data_source.map_or_else(|| "trivy".to_owned(), |source| format!("trivy: {}", source.id)),
    }
}
