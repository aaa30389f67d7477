use super::file::KEYS;
use super::reader::Reader;
use super::{ConfigurationError, PolicySettings, SourceFile, scan, tree};
use consign_oci::Digest;
use consign_receipt::Engine;

/// A policy by itself, as those have it who verify what others release: the section `policy` of a configuration, or a file with nothing else.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// The file, for paths in it and errors that only show later.
    pub file: SourceFile,
    /// The digest of its text.
    pub digest: Digest,
    /// The policy.
    pub policy: PolicySettings,
    /// The scanner of others that says what is known against packages; `None`: consign does.
    pub engine: Option<Engine>,
}

impl PolicyFile {
    /// Reads a policy from a file of at most 1 MiB. Of the other sections of a configuration that may stand in it only `scan` is looked into. `name` is
    /// the file's path as it should stand in messages, and what other paths are relative to.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigurationError> {
        Self::read(name, text, true)
    }

    /// Reads a configuration in the same way, in which there may be no policy: that asks for what every policy does then.
    pub fn parse_configuration(name: &str, text: &str) -> Result<Self, ConfigurationError> {
        Self::read(name, text, false)
    }

    fn read(name: &str, text: &str, is_needed: bool) -> Result<Self, ConfigurationError> {
        let (file, root) = tree::parse(name, text)?;
        let mut reader = Reader::new(&file);
        let mut engine = None;
        let policy = reader.fields(&root, &KEYS).and_then(|fields| {
            engine = fields.get("scan").and_then(|node| scan::read(&mut reader, node));
            match fields.get("policy") {
                Some(node) => Some(PolicySettings::read(&mut reader, node, engine)),
                None if !is_needed => Some(PolicySettings::default()),
                None => {
                    reader.missing(&fields, "policy", "what an image must show");
                    None
                }
            }
        });
        let diagnostics = reader.finish();
        match policy {
            Some(policy) if diagnostics.is_empty() => {
                Ok(Self { file, digest: Digest::of(text.as_bytes()), policy, engine })
            }
            _ => Err(ConfigurationError { diagnostics }),
        }
    }
}
