use super::VexDocument;
use crate::{Policy, Receipt, predicate};
use std::collections::BTreeSet;
use std::fmt;

/// Why a document of OpenVEX that is attached to an image does not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnheardVex {
    /// Nobody signed it whom the policy names for that.
    Unsigned,
    /// It was signed, and is no document.
    Malformed {
        /// What is wrong with it.
        problem: String,
    },
}

impl fmt::Display for UnheardVex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an attached document of OpenVEX does not count: ")?;
        match self {
            Self::Unsigned => formatter.write_str("nobody signed it whom the policy names for `vex`"),
            Self::Malformed { problem } => formatter.write_str(problem),
        }
    }
}

/// A document that is attached to an image.
pub(super) struct Attached {
    /// What it is attached to.
    pub(super) subject: Vec<String>,
    pub(super) document: VexDocument,
}

impl Attached {
    fn read(receipt: &Receipt) -> Option<Self> {
        let document = VexDocument::read(&receipt.statement.predicate).ok()?;
        let digests = receipt.statement.subject.iter().flat_map(|subject| &subject.digest);
        Some(Self { subject: digests.map(|(algorithm, hex)| format!("{algorithm}:{hex}")).collect(), document })
    }
}

impl Policy {
    /// Returns the documents among the receipts that somebody signed whom the policy believes.
    pub(super) fn attached(&self, receipts: &[Receipt]) -> Vec<Attached> {
        documents(receipts).filter(|receipt| self.believes(receipt)).filter_map(Attached::read).collect()
    }

    /// Returns why documents of OpenVEX among the receipts of a platform do not count, each reason once.
    pub fn unheard_vex(&self, receipts: &[Receipt]) -> BTreeSet<UnheardVex> {
        let unheard = documents(receipts).filter_map(|receipt| match self.believes(receipt) {
            false => Some(UnheardVex::Unsigned),
            true => {
                let problem = VexDocument::read(&receipt.statement.predicate).err()?.to_string();
                Some(UnheardVex::Malformed { problem })
            }
        });
        unheard.collect()
    }
}

fn documents(receipts: &[Receipt]) -> impl Iterator<Item = &Receipt> {
    receipts.iter().filter(|receipt| predicate::is_vex(&receipt.statement.predicate_type))
}
