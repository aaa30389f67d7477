use crate::{AdvisoryReport, ScanReport};
use consign_oci::Digest;
use consign_receipt::{Finding, VexStatus};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What an image is called in statements about it: package URLs or digests.
#[derive(Clone, Debug)]
pub struct VexProducts {
    /// The whole; `None`: not all of its platforms were looked at.
    pub index: Option<String>,
    /// Each platform.
    pub platforms: Vec<VexProduct>,
}

/// A platform of an image, as statements are about it.
#[derive(Clone, Debug)]
pub struct VexProduct {
    /// What it is called in reports.
    pub platform: String,
    /// What it is called in statements.
    pub id: String,
    /// Package URLs of what is affected, by what was found on this platform, which is without them.
    parts: BTreeMap<Finding, Vec<String>>,
}

impl VexProduct {
    /// Names a platform on which this was found.
    pub fn new(platform: String, id: String, found: impl IntoIterator<Item = Finding>) -> Self {
        let mut parts: BTreeMap<Finding, Vec<String>> = BTreeMap::new();
        for mut finding in found {
            let purls = std::mem::take(&mut finding.purls);
            parts.entry(finding).or_default().extend(purls);
        }
        Self { platform, id, parts }
    }
}

/// Returns what was found, and what a policy says about it, as a document of OpenVEX 0.2.0: a statement for each advisory and package. The same report gives the
/// same document. `author`: who speaks.
pub fn openvex(report: &ScanReport, products: &VexProducts, author: &str) -> Value {
    let statements: Vec<Value> =
        report.advisories.iter().map(|found| statement(found, products, &report.advisories)).collect();
    let digest = Digest::of(json!([products.index, statements]).to_string().as_bytes());
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("https://openvex.dev/docs/public/vex-{}", digest.hex()),
        "author": author,
        "timestamp": report.database.as_ref().map(|database| &database.last_update),
        "version": 1,
        "tooling": format!("consign {}", env!("CARGO_PKG_VERSION")),
        "statements": statements,
    })
}

fn statement(found: &AdvisoryReport, products: &VexProducts, all: &[AdvisoryReport]) -> Value {
    let finding = &found.finding;
    let bare = Finding { purls: Vec::new(), ..finding.clone() };
    let product = |(id, purls): (&String, BTreeSet<&String>)| {
        let parts: Vec<Value> = purls.into_iter().map(|purl| json!({ "@id": purl })).collect();
        match parts.is_empty() {
            true => json!({ "@id": id }),
            false => json!({ "@id": id, "subcomponents": parts }),
        }
    };
    // Of the whole nothing is said that is not so on each of its platforms.
    let is_same = |other: &&AdvisoryReport| {
        (&other.finding.advisory, &other.finding.package) == (&finding.advisory, &finding.package)
    };
    let is_everywhere = products.platforms.iter().all(|product| found.platforms.contains(&product.platform));
    let index = products.index.as_ref().filter(|_| is_everywhere && all.iter().filter(is_same).count() == 1);
    let mut named: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
    if let Some(index) = index {
        named.insert(index, finding.purls.iter().collect());
    }
    for product in products.platforms.iter().filter(|product| found.platforms.contains(&product.platform)) {
        named.entry(&product.id).or_default().extend(product.parts.get(&bare).into_iter().flatten());
    }
    let (status, (key, words)) = said(found);
    json!({
        "vulnerability": { "name": finding.advisory, "aliases": finding.aliases },
        "products": named.into_iter().map(product).collect::<Vec<_>>(),
        "status": status.word(),
        key: words,
    })
}

/// Returns the status, and the words that it needs (OpenVEX 0.2.0, "Status Labels").
fn said(found: &AdvisoryReport) -> (VexStatus, (&'static str, String)) {
    let finding = &found.finding;
    if let Some(entry) = &found.ignored {
        // What another document said is passed on; whoever accepts a flaw for a while has it.
        let is_statement = !entry.purls.is_empty();
        let rest = |status: VexStatus| {
            Some(&entry.exception.reason).filter(|_| is_statement)?.strip_prefix(status.word())?.strip_prefix(": ")
        };
        let passed_on = |status| Some((status, format!("{} ({})", rest(status)?, entry.exception.owner)));
        return match passed_on(VexStatus::NotAffected).or_else(|| passed_on(VexStatus::Fixed)) {
            Some((VexStatus::Fixed, words)) => (VexStatus::Fixed, ("status_notes", words)),
            Some((status, words)) => (status, ("impact_statement", words)),
            None => (VexStatus::Affected, ("action_statement", format!("Accepted: {}", entry.exception.why()))),
        };
    }
    if finding.undetermined {
        let why = finding.doubt.as_deref().unwrap_or("the versions cannot be compared");
        return (VexStatus::UnderInvestigation, ("status_notes", why.to_owned()));
    }
    let action = match &finding.fixed {
        Some(fixed) => format!("Update {} to {fixed}", finding.package),
        None => format!("No version of {} is known that is free of it", finding.package),
    };
    (VexStatus::Affected, ("action_statement", action))
}
