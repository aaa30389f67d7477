use crate::Statement;
use consign_oci::{Digest, Exact};
use serde::{Deserialize, Serialize};

/// A statement together with the reason to believe it.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The statement, with its exact bytes.
    pub statement: Exact<Statement>,
    /// Why to believe it.
    pub trust: Trust,
}

/// Why a statement is believed. What is not one of the first three counts as missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// This process made it, or an earlier one that wrote it to the same private store.
    Made,
    /// This process derived it again from the image's bytes.
    Derived,
    /// It is signed by this identity.
    Signed(Identity),
    /// Nothing speaks for it: it came with the image.
    Unproven,
}

/// Who signed something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    /// The holder of the key with this SHA-256 fingerprint of its SubjectPublicKeyInfo.
    Key(Digest),
    /// Whoever has certificates of this kind: what they must say, in words.
    Certificate(String),
}

impl Receipt {
    /// Makes the receipt of something that this process did.
    pub fn made(statement: Statement) -> Result<Self, serde_json::Error> {
        Ok(Self { statement: Exact::write(statement)?, trust: Trust::Made })
    }

    /// Makes the receipt of something that this process saw in the image's bytes.
    pub fn derived(statement: Statement) -> Result<Self, serde_json::Error> {
        Ok(Self { statement: Exact::write(statement)?, trust: Trust::Derived })
    }
}
