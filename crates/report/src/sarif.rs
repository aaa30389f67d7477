//! SARIF 2.1.0, which code hosts show beside the code.

use crate::{AdvisoryReport, FactReport, ScanReport, ScannedPlatform};
use consign_receipt::{Finding, ImageRule, Severity};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// A log with a run for each image (SARIF 2.1.0, section 3.13).
#[derive(Debug, Serialize)]
pub struct SarifLog {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: Vec<Run>,
}

#[derive(Debug, Serialize)]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    results: Vec<SarifResult>,
}

/// How it went (section 3.20): that there is no result is no word about what was compared with nothing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

/// What whoever reads results should know beside (section 3.58).
#[derive(Debug, Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Message,
    properties: Value,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Value; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Value>,
}

#[derive(Debug, Serialize)]
struct Message {
    text: String,
}

impl ScanReport {
    /// Returns the findings as SARIF, each with the platforms that it is on. What the policy ignores is suppressed, with its reason; what was not
    /// compared stands in notifications. `failures`: why not all that was to be looked at was.
    pub fn sarif(&self, failures: &[String]) -> SarifLog {
        let mut worst: BTreeMap<&str, Option<Severity>> = BTreeMap::new();
        for found in &self.advisories {
            let severity = worst.entry(&found.finding.advisory).or_default();
            *severity = (*severity).max(found.finding.severity);
        }
        let index: BTreeMap<&str, usize> =
            worst.keys().enumerate().map(|(index, advisory)| (*advisory, index)).collect();
        let mut rules: Vec<Rule> = worst.iter().map(|(advisory, severity)| rule(advisory, *severity)).collect();
        let first = rules.len();
        let kinds: BTreeSet<ImageRule> = self.findings.iter().map(|found| found.finding.rule).collect();
        rules.extend(kinds.iter().map(|kind| rule_of_facts(*kind)));
        let of_facts = self.findings.iter().map(|found| {
            let rule_index = first + kinds.iter().take_while(|kind| **kind != found.finding.rule).count();
            result_of_fact(found, rule_index, &self.reference)
        });
        let results = self.advisories.iter().map(|found| {
            let rule_index = index.get(found.finding.advisory.as_str()).copied().unwrap_or_default();
            result(found, rule_index, &self.reference)
        });
        let results = results.chain(of_facts).collect();
        SarifLog::of(vec![Run::of(rules, results, failures, self.platforms.iter().flat_map(not_compared))])
    }
}

impl SarifLog {
    fn of(runs: Vec<Run>) -> Self {
        Self { schema: SCHEMA, version: "2.1.0", runs }
    }

    /// Makes the log of an image that could not be looked at.
    pub fn failed(failure: String) -> Self {
        Self::of(vec![Run::of(Vec::new(), Vec::new(), &[failure], std::iter::empty())])
    }

    /// Makes one log of several.
    pub fn joined(logs: impl IntoIterator<Item = Self>) -> Self {
        Self::of(logs.into_iter().flat_map(|log| log.runs).collect())
    }
}

impl Run {
    fn of(
        rules: Vec<Rule>,
        results: Vec<SarifResult>,
        failures: &[String],
        warnings: impl Iterator<Item = Notification>,
    ) -> Self {
        let driver = Driver { name: "consign", version: env!("CARGO_PKG_VERSION"), rules };
        let failed = |failure: &String| Notification { level: "error", message: Message { text: failure.clone() } };
        let invocation = Invocation {
            execution_successful: failures.is_empty(),
            tool_execution_notifications: failures.iter().map(failed).chain(warnings).collect(),
        };
        Self { tool: Tool { driver }, invocations: [invocation], results }
    }
}

/// Says of each part of a platform's packages that was not compared how many they are.
fn not_compared(platform: &ScannedPlatform) -> impl Iterator<Item = Notification> {
    let left = platform.coverage.iter().flatten().filter(|part| !part.covered);
    left.map(|part| {
        let packages = match part.packages {
            0 => part.ecosystem.clone(),
            packages => format!("{packages} of {}", part.ecosystem),
        };
        Notification {
            level: "warning",
            message: Message { text: format!("{}: not compared: {packages}", platform.platform) },
        }
    })
}

fn rule(advisory: &str, severity: Option<Severity>) -> Rule {
    // Code hosts sort by this number; each stands in the middle of its severity.
    let score = severity.map(|severity| match severity {
        Severity::None => "0.0",
        Severity::Low => "2.0",
        Severity::Medium => "5.5",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    });
    let properties = match score {
        Some(score) => json!({ "security-severity": score, "tags": ["security"] }),
        None => json!({ "tags": ["security"] }),
    };
    Rule { id: advisory.to_owned(), short_description: Message { text: advisory.to_owned() }, properties }
}

fn result(found: &AdvisoryReport, rule_index: usize, reference: &str) -> SarifResult {
    let Finding { advisory, severity, severity_unread, .. } = &found.finding;
    let level = match severity {
        _ if *severity_unread => "error",
        Some(Severity::None | Severity::Low) => "note",
        Some(Severity::Medium) => "warning",
        Some(Severity::High | Severity::Critical) | None => "error",
    };
    let suppressed = |entry: &consign_receipt::IgnoredAdvisory| json!({ "kind": "external", "status": "accepted", "justification": entry.exception.why() });
    SarifResult {
        rule_id: advisory.clone(),
        rule_index,
        level,
        message: Message { text: format!("{}: {}", found.platforms.join(", "), found.finding) },
        locations: [json!({
            "physicalLocation": { "artifactLocation": { "uri": uri(reference) }, "region": { "startLine": 1 } },
            "logicalLocations": [{ "fullyQualifiedName": format!("{}@{}", found.finding.package, found.finding.version), "kind": "package" }],
        })],
        suppressions: found.ignored.iter().map(suppressed).collect(),
    }
}

fn rule_of_facts(kind: ImageRule) -> Rule {
    let properties = json!({ "tags": ["security"] });
    Rule { id: kind.to_string(), short_description: Message { text: kind.to_string() }, properties }
}

fn result_of_fact(found: &FactReport, rule_index: usize, reference: &str) -> SarifResult {
    let FactReport { finding, platforms, judgement, ignored } = found;
    let level = match (finding.rule, judgement.as_deref()) {
        (_, Some("refused")) | (ImageRule::Secrets | ImageRule::Entrypoint, None) => "error",
        _ => "warning",
    };
    let place = finding.subject();
    let kind = if finding.path.is_some() { "resource" } else { "package" };
    SarifResult {
        rule_id: finding.rule.to_string(),
        rule_index,
        level,
        message: Message { text: format!("{}: {finding}", platforms.join(", ")) },
        locations: [json!({
            "physicalLocation": { "artifactLocation": { "uri": uri(reference) }, "region": { "startLine": 1 } },
            "logicalLocations": [{ "fullyQualifiedName": place, "kind": kind }],
        })],
        suppressions: ignored
            .iter()
            .map(|entry| json!({ "kind": "external", "status": "accepted", "justification": entry.exception.why() }))
            .collect(),
    }
}

/// Returns a reference as the path that a location needs: what stands before its first colon would be read as a scheme.
fn uri(reference: &str) -> String {
    reference.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}
