use super::render::sealed;
use crate::sbom::SbomError;
use consign_receipt::predicate::{FoundVulnerability, SeverityScore};
use consign_receipt::{Finding, Severity};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the severity that consign concluded is called among those that are stated.
const RATING: &str = "rating";

/// Adds to a CycloneDX document what advisories say about its components: one vulnerability for each advisory, package and version.
pub fn with_vulnerabilities(mut document: Value, found: &[FoundVulnerability]) -> Result<Value, SbomError> {
    let mut references: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    note(document.get("components"), &mut references);
    let mut all: BTreeMap<[&str; 4], Vulnerability<'_>> = BTreeMap::new();
    for vulnerability in found {
        for finding in &vulnerability.annotations {
            let fixed = finding.fixed.as_deref().unwrap_or_default();
            let entry = all.entry([&vulnerability.id, &finding.package, &finding.version, fixed]);
            let entry = entry.or_insert_with(|| Vulnerability::new(vulnerability, finding));
            entry.stated.extend(&vulnerability.severity);
            for reference in finding.purls.iter().filter_map(|purl| references.get(purl)).flatten() {
                entry.affected.insert((reference, &finding.version));
            }
        }
    }
    document["vulnerabilities"] = all.into_values().map(|vulnerability| vulnerability.json()).collect();
    sealed(document)
}

/// An advisory that matches a package, wherever that is installed.
struct Vulnerability<'a> {
    id: &'a str,
    finding: &'a Finding,
    stated: BTreeSet<&'a SeverityScore>,
    /// The components, and the versions of the package that the advisory is about.
    affected: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Vulnerability<'a> {
    fn new(found: &'a FoundVulnerability, finding: &'a Finding) -> Self {
        Self { id: &found.id, finding, stated: BTreeSet::new(), affected: BTreeSet::new() }
    }

    fn json(self) -> Value {
        let Finding { fixed, aliases, sources, known_exploited, epss, severity, .. } = self.finding;
        let mut ratings =
            vec![json!({ "source": { "name": "consign" }, "severity": word(*severity), "method": "other" })];
        ratings.extend(self.stated.into_iter().filter(|stated| stated.method != RATING).filter_map(rating));
        let mut properties = Vec::new();
        let mut property =
            |name: &str, value: String| properties.push(json!({ "name": format!("consign:{name}"), "value": value }));
        if let Some(day) = known_exploited {
            property("knownExploited", day.clone());
        }
        if let Some(epss) = epss {
            property("epss", epss.score.number().to_string());
        }
        if self.finding.undetermined {
            property("undetermined", "true".to_owned());
        }
        let mut json = json!({
            "id": self.id,
            "ratings": ratings,
            "affects": self.affected.into_iter().map(|(reference, version)| {
                json!({ "ref": reference, "versions": [{ "version": version, "status": "affected" }] })
            }).collect::<Vec<_>>(),
        });
        if let Some(source) = sources.first() {
            json["source"] = json!({ "name": source });
        }
        if !aliases.is_empty() {
            json["references"] = aliases
                .iter()
                .map(|alias| json!({ "id": alias, "source": { "name": alias.split('-').next() } }))
                .collect();
        }
        if let Some(fixed) = fixed {
            json["recommendation"] = format!("{} {fixed} is free of it", self.finding.package).into();
        }
        if !properties.is_empty() {
            json["properties"] = properties.into();
        }
        json
    }
}

/// Notes what each component is called in the document, by its package URL.
fn note(components: Option<&Value>, references: &mut BTreeMap<String, BTreeSet<String>>) {
    for component in components.and_then(Value::as_array).into_iter().flatten() {
        if let (Some(purl), Some(reference)) = (component["purl"].as_str(), component["bom-ref"].as_str()) {
            references.entry(purl.to_owned()).or_default().insert(reference.to_owned());
        }
        note(component.get("components"), references);
    }
}

fn word(severity: Option<Severity>) -> &'static str {
    severity.map_or("unknown", Severity::word)
}

/// Returns a rating of what a record states: a vector by its method, a word by itself. What is neither is left out.
fn rating(stated: &SeverityScore) -> Option<Value> {
    let SeverityScore { method, score } = stated;
    let vectors = [("CVSS:4.0/", "CVSSv4"), ("CVSS:3.1/", "CVSSv31"), ("CVSS:3.0/", "CVSSv3")];
    let known = vectors.iter().find(|(start, _)| score.starts_with(start)).map(|(_, method)| *method);
    match known.or((method == "CVSS_V2").then_some("CVSSv2")) {
        Some(kind) => Some(json!({ "method": kind, "vector": score })),
        None => match Severity::read(score) {
            consign_receipt::Stated::Severity(severity) => {
                Some(json!({ "source": { "name": method }, "severity": severity.word(), "method": "other" }))
            }
            _ => None,
        },
    }
}
