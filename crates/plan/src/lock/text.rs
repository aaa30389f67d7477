//! The lock as JSON, with a line for each package, so that a change of one is a change of one line.

use super::unique::unique;
use super::{Lock, LockError, LockedDatabase, LockedImage, VERSION};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

#[derive(Deserialize)]
struct Header {
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "version")]
    _version: u32,
    #[serde(default)]
    images: Option<Images>,
    #[serde(default)]
    advisories: Option<LockedDatabase>,
}

#[derive(Deserialize)]
struct Images(#[serde(deserialize_with = "unique")] BTreeMap<String, LockedImage>);

impl Lock {
    /// Reads a lock.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        // A later version may have anything else in it.
        let Header { version } = serde_json::from_str(text)?;
        if version != VERSION {
            return Err(LockError::Version { version, known: VERSION });
        }
        let wire: Wire = serde_json::from_str(text)?;
        let images = wire.images.map(|images| images.0);
        images.iter().flatten().try_for_each(|(name, image)| image.check(name))?;
        Ok(Self { images, advisories: wire.advisories })
    }

    /// Returns the text of the file.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        let mut fields = vec![format!("  \"version\": {VERSION}")];
        if let Some(images) = &self.images {
            let images = images
                .iter()
                .map(|(name, image)| Ok(format!("    {}: {}", serde_json::to_string(name)?, image_text(image)?)));
            let images = images.collect::<Result<Vec<_>, serde_json::Error>>()?;
            fields.push(format!("  \"images\": {}", block(&images, '{', '}', 2)));
        }
        if let Some(database) = &self.advisories {
            fields.push(format!("  \"advisories\": {}", serde_json::to_string(database)?));
        }
        Ok(block(&fields, '{', '}', 0) + "\n")
    }
}

fn image_text(image: &LockedImage) -> Result<String, serde_json::Error> {
    let LockedImage { request, digest, base, images, suite, packages } = image;
    let mut fields = vec![
        format!("      \"request\": {}", serde_json::to_string(request)?),
        format!("      \"digest\": {}", serde_json::to_string(digest)?),
    ];
    if let Some(base) = base {
        fields.push(format!("      \"base\": {}", serde_json::to_string(base)?));
    }
    if !images.is_empty() {
        let lines = images.iter().map(|(name, image)| {
            Ok(format!("        {}: {}", serde_json::to_string(name)?, serde_json::to_string(image)?))
        });
        let lines = lines.collect::<Result<Vec<_>, serde_json::Error>>()?;
        fields.push(format!("      \"images\": {}", block(&lines, '{', '}', 6)));
    }
    if let Some(suite) = suite {
        fields.push(format!("      \"suite\": {}", serde_json::to_string(suite)?));
    }
    let mut platforms = Vec::new();
    for (platform, packages) in packages {
        let lines = packages.iter().map(|package| Ok(format!("          {}", serde_json::to_string(package)?)));
        let lines = lines.collect::<Result<Vec<_>, serde_json::Error>>()?;
        platforms.push(format!("        \"{platform}\": {}", block(&lines, '[', ']', 8)));
    }
    if !platforms.is_empty() {
        fields.push(format!("      \"packages\": {}", block(&platforms, '{', '}', 6)));
    }
    Ok(block(&fields, '{', '}', 4))
}

/// Returns lines, which are indented already, between brackets.
fn block(lines: &[String], open: char, close: char, indent: usize) -> String {
    if lines.is_empty() {
        return format!("{open}{close}");
    }
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = write!(text, "{open}\n{}\n{:indent$}{close}", lines.join(",\n"), "");
    text
}
