use crate::node::{Node, list, map};
use crate::{ExportError, Request};
use serde::Serialize;

/// A policy in the words of somebody else.
#[derive(Clone, Debug)]
pub struct Export {
    documents: Vec<Node>,
    /// What it does not say, and what has to be done besides: a sentence each.
    pub notes: Vec<String>,
}

impl Export {
    pub(crate) fn new(documents: Vec<Node>, notes: Vec<String>) -> Self {
        Self { documents, notes }
    }

    /// Writes it as YAML: its documents one after the other, with what it does not say before them.
    pub fn yaml(&self) -> Result<String, ExportError> {
        let mut text: String = self.notes.iter().map(|note| format!("# {note}\n")).collect();
        for (number, document) in self.documents.iter().enumerate() {
            if number > 0 {
                text.push_str("---\n");
            }
            text.push_str(&yaml(document)?);
        }
        Ok(text)
    }

    /// Writes it as JSON: several documents as a `List`, as `kubectl` takes it.
    pub fn json(&self) -> Result<String, ExportError> {
        let document = match &self.documents[..] {
            [document] => document.clone(),
            documents => {
                map([("apiVersion", "v1".into()), ("kind", "List".into()), ("items", list(documents.to_vec()))])
            }
        };
        let text = serde_json::to_string_pretty(&document).map_err(ExportError::Json)?;
        Ok(format!("{text}\n"))
    }
}

/// Writes a document as YAML. Nothing is folded: patterns and expressions stay as they are read.
pub(crate) fn yaml(document: &impl Serialize) -> Result<String, ExportError> {
    let mut text = String::new();
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    serde_saphyr::to_fmt_writer_with_options(&mut text, document, options)
        .map_err(|error| ExportError::Yaml { detail: error.to_string() })?;
    Ok(text)
}

impl Request {
    /// What no consumer asks about.
    pub(crate) const REST: &'static str = "Nothing else that `consign verify` checks is asked about: whether the tag was moved back, each platform's own signature, provenance, SBOM and trials.";
}
