//! What scans and releases say that they found.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// An advisory that matches a source package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    pub(super) advisory: String,
    pub(super) source: String,
    pub(super) version: String,
    pub(super) fixed: String,
    pub(super) installed: Vec<String>,
}

/// What is found on each platform; nothing stands there of one without findings.
pub(super) type Findings = BTreeMap<String, BTreeSet<Finding>>;

/// Reads the findings of a report, all of which must be refused. That of a release has no list where there are none.
pub(super) fn findings(report: &Value) -> Findings {
    let mut findings = Findings::new();
    for found in report["advisories"].as_array().into_iter().flatten() {
        assert_eq!(found["judgement"], "refused", "{found}");
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        let list = |key: &str| found[key].as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned());
        for platform in list("platforms") {
            findings.entry(platform).or_default().insert(Finding {
                advisory: text("advisory"),
                source: text("package"),
                version: text("version"),
                fixed: text("fixed"),
                installed: list("installed").collect(),
            });
        }
    }
    findings
}
