use super::product::{ImageNames, Product};
use crate::Finding;
use jiff::Timestamp;

/// What is said of a vulnerability in some products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VexStatement {
    /// All names of the vulnerability.
    pub(super) names: Vec<String>,
    pub(super) products: Vec<Product>,
    /// What is said.
    pub status: VexStatus,
    /// Why a product is not affected: a word of the specification, or a sentence.
    pub(super) why: Vec<String>,
    /// Since when it holds, if that is not the document's time.
    pub(super) time: Option<Timestamp>,
}

/// Whether products have a vulnerability (OpenVEX 0.2.0, "Status Labels").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VexStatus {
    /// No.
    NotAffected,
    /// Yes.
    Affected,
    /// Not any more.
    Fixed,
    /// Somebody is finding out.
    UnderInvestigation,
}

impl VexStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NotAffected, Self::Affected, Self::Fixed, Self::UnderInvestigation];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotAffected => "not_affected",
            Self::Affected => "affected",
            Self::Fixed => "fixed",
            Self::UnderInvestigation => "under_investigation",
        }
    }
}

impl VexStatement {
    /// Returns whether it is about this finding in this image. What is attached to an image need not name it.
    pub(super) fn is_about(&self, finding: &Finding, names: &ImageNames<'_>) -> bool {
        let is_product = || {
            (names.is_of_attachment() && self.products.is_empty())
                || self.products.iter().any(|product| product.has(&finding.purls, names))
        };
        self.names.iter().any(|name| finding.is_named(name)) && is_product()
    }

    /// Returns whether it is whole: `not_affected` needs a justification or an impact statement (OpenVEX 0.2.0, "Statement Fields"). Else it is as
    /// good as not there.
    pub(super) fn counts(&self) -> bool {
        self.status != VexStatus::NotAffected || !self.why.is_empty()
    }

    /// Returns why a finding does not count; `None`: it does.
    pub(super) fn reason(&self) -> Option<String> {
        match self.status {
            VexStatus::NotAffected | VexStatus::Fixed => {
                let why = if self.why.is_empty() { "so it is stated".to_owned() } else { self.why.join(": ") };
                Some(format!("{}: {why}", self.status.word()))
            }
            VexStatus::Affected | VexStatus::UnderInvestigation => None,
        }
    }
}
