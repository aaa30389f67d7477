use super::product::Product;
use super::{VexStatement, VexStatus};
use crate::PackagePattern;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// What the context of every document begins with.
const CONTEXT: &str = "https://openvex.dev/ns";
/// Most statements of a document, and most products, parts and names in one.
const LIMIT: usize = 10_000;
/// Longest sentence that is repeated in records, in characters.
const TEXT_LIMIT: usize = 500;

/// A document of statements (OpenVEX 0.2.0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VexDocument {
    /// Who speaks.
    pub author: String,
    /// Since when.
    pub(super) time: Option<Timestamp>,
    /// What they say, in order.
    pub statements: Vec<VexStatement>,
}

/// A document that is not one.
#[derive(Debug, thiserror::Error)]
pub enum VexError {
    /// It is not written as it should be.
    #[error("it is no OpenVEX document")]
    Json(#[from] serde_json::Error),
    /// It is something else.
    #[error("its `@context` is `{0}`, and that of an OpenVEX document begins with `{CONTEXT}`")]
    Context(String),
    /// A statement says nothing that is known.
    #[error("`{0}` is no status: it can be `not_affected`, `affected`, `fixed` or `under_investigation`")]
    Status(String),
    /// There is too much of it.
    #[error("it has more than {LIMIT} {0}")]
    Many(&'static str),
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@context")]
    context: String,
    author: String,
    #[serde(default)]
    timestamp: Option<Timestamp>,
    #[serde(default)]
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    vulnerability: Named,
    #[serde(default)]
    products: Vec<Named>,
    status: String,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    impact_statement: Option<String>,
    #[serde(default)]
    timestamp: Option<Timestamp>,
}

/// A vulnerability, a product or a part of one. Documents before 0.2 have texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    Text(String),
    Whole {
        #[serde(rename = "@id", default)]
        id: Option<String>,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        aliases: Vec<String>,
        #[serde(default)]
        identifiers: Identifiers,
        #[serde(default)]
        hashes: serde_json::Map<String, Value>,
        #[serde(default)]
        subcomponents: Vec<Named>,
    },
}

#[derive(Default, Deserialize)]
struct Identifiers {
    #[serde(default)]
    purl: Option<String>,
}

impl VexDocument {
    /// Reads a document.
    pub fn read(document: &Value) -> Result<Self, VexError> {
        let Document { context, author, timestamp, statements } = Document::deserialize(document)?;
        if !context.starts_with(CONTEXT) {
            return Err(VexError::Context(clipped(&context)));
        }
        bounded(statements.len(), "statements")?;
        let statements = statements.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { author: clipped(&author), time: timestamp, statements })
    }

    /// Returns the vulnerability of each statement that does not count, since it says `not_affected` and not why, in order.
    pub fn unjustified(&self) -> impl Iterator<Item = String> {
        let unjustified = self.statements.iter().filter(|statement| !statement.counts());
        unjustified.map(|statement| statement.names.first().map(|name| clipped(name)).unwrap_or_default())
    }
}

fn read(statement: Statement) -> Result<VexStatement, VexError> {
    let Statement { vulnerability, products, status, justification, impact_statement, timestamp } = statement;
    let known = VexStatus::ALL.into_iter().find(|known| known.word() == status);
    let status = known.ok_or_else(|| VexError::Status(clipped(&status)))?;
    bounded(products.len(), "products in a statement")?;
    let products = products.into_iter().map(product).collect::<Result<_, _>>()?;
    let why = [justification, impact_statement].into_iter().flatten().filter(|text| !text.trim().is_empty());
    let why = why.map(|text| clipped(&text)).collect();
    Ok(VexStatement { names: names(vulnerability)?, products, status, why, time: timestamp })
}

fn product(mut product: Named) -> Result<Product, VexError> {
    let parts = match &mut product {
        Named::Text(_) => Vec::new(),
        Named::Whole { subcomponents, .. } => std::mem::take(subcomponents),
    };
    bounded(parts.len(), "parts of a product")?;
    let mut patterns: Option<Vec<PackagePattern>> = (!parts.is_empty()).then(Vec::new);
    for part in parts {
        // A part without a package URL is recognised nowhere; the statement is about it all the same, and not about the whole product.
        let known = names(part)?.into_iter().filter_map(|name| name.parse().ok());
        patterns.get_or_insert_default().extend(known);
    }
    Ok(Product { names: names(product)?, parts: patterns })
}

/// Returns all that something is called. What identifies a vulnerability by an address ends with its name.
fn names(named: Named) -> Result<Vec<String>, VexError> {
    match named {
        Named::Text(text) => Ok(vec![text]),
        Named::Whole { id, name, aliases, identifiers, hashes, .. } => {
            bounded(aliases.len(), "names of a vulnerability")?;
            let hash = hashes.get("sha-256").and_then(Value::as_str).map(|hash| format!("sha256:{hash}"));
            let of_id = id.iter().filter_map(|id| id.rsplit_once('/').filter(|_| id.starts_with("http")));
            let of_id: Vec<String> = of_id.map(|(_, last)| last.to_owned()).collect();
            Ok(id.into_iter().chain(of_id).chain(name).chain(aliases).chain(identifiers.purl).chain(hash).collect())
        }
    }
}

fn bounded(count: usize, what: &'static str) -> Result<(), VexError> {
    if count > LIMIT { Err(VexError::Many(what)) } else { Ok(()) }
}

fn clipped(text: &str) -> String {
    text.chars().take(TEXT_LIMIT).collect()
}
