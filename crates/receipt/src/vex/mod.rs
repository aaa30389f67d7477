//! What those who know a product say about vulnerabilities in it (OpenVEX 0.2.0).

mod attached;
mod document;
mod product;
mod statement;

pub use attached::UnheardVex;
pub use document::{VexDocument, VexError};
pub(crate) use product::ImageNames;
pub use statement::{VexStatement, VexStatus};

use crate::gate::{Candidate, PlatformCandidate};
use crate::predicate::Vulnerabilities;
use crate::{AdvisoryRules, Exception, Finding, IgnoredAdvisory, Policy, predicate};
use jiff::Timestamp;
use serde::Deserialize;

/// A statement, whose it is, and since when it holds.
struct Spoken<'a> {
    statement: &'a VexStatement,
    time: Option<Timestamp>,
    author: &'a str,
    /// What the image is called by whoever speaks.
    names: &'a ImageNames<'a>,
}

impl Policy {
    /// Returns the same policy for one image: of what is found in it, what documents say is no flaw of it is ignored. Those count that the rules have,
    /// and those that are attached to a platform, or to an index with it, and that the policy believes. Of several statements the latest counts. `not_affected`
    /// without a reason does not.
    #[must_use]
    pub fn for_image(self, candidate: &Candidate) -> Self {
        let Some(rules) = self.advisories() else { return self };
        let mut ignore = Vec::new();
        for platform in &candidate.platforms {
            let names = ImageNames::of(candidate, platform);
            let attached = self.attached(&platform.receipts).into_iter();
            let attached: Vec<(VexDocument, ImageNames<'_>)> =
                attached.map(|attached| (attached.document, names.attached_to(attached.subject))).collect();
            let documents = rules.vex.iter().map(|document| (document, &names));
            let documents = documents.chain(attached.iter().map(|(document, names)| (document, names)));
            let spoken: Vec<Spoken<'_>> = documents
                .flat_map(|(document, names)| {
                    document.statements.iter().filter(|statement| statement.counts()).map(move |statement| {
                        let time = statement.time.or(document.time);
                        Spoken { statement, time, author: &document.author, names }
                    })
                })
                .collect();
            for finding in findings(platform, &self) {
                let about = spoken.iter().filter(|spoken| spoken.statement.is_about(&finding, spoken.names));
                // Where two are of the same time, the one that stands later counts.
                let latest = about.max_by_key(|spoken| spoken.time);
                ignore.extend(latest.and_then(|latest| latest.entry(&finding, platform)));
            }
        }
        if ignore.is_empty() {
            return self;
        }
        let mut rules = rules.clone();
        for entry in ignore {
            if !rules.ignore.contains(&entry) {
                rules.ignore.push(entry);
            }
        }
        self.tolerating(AdvisoryRules { vex: Vec::new(), ..rules })
    }
}

impl Spoken<'_> {
    /// Returns the entry by which a finding is ignored; `None`: the image has the flaw, or nobody knows.
    fn entry(&self, finding: &Finding, platform: &PlatformCandidate) -> Option<IgnoredAdvisory> {
        Some(IgnoredAdvisory {
            advisory: finding.advisory.clone(),
            package: Some(finding.package.clone()),
            purl: None,
            purls: finding.purls.clone(),
            listed: None,
            exception: Exception {
                platforms: vec![platform.platform.clone()],
                reason: self.statement.reason()?,
                owner: self.author.to_owned(),
                until: None,
            },
        })
    }
}

fn findings(platform: &PlatformCandidate, policy: &Policy) -> Vec<Finding> {
    let claims = platform
        .receipts
        .iter()
        .filter(|receipt| receipt.statement.predicate_type == predicate::VULNERABILITIES && policy.believes(receipt));
    // What is malformed, the gate says.
    let claims = claims.filter_map(|receipt| Vulnerabilities::deserialize(&receipt.statement.predicate).ok());
    claims.flat_map(|claim| claim.findings()).collect()
}
