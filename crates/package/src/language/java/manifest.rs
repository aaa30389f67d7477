use super::properties::said;

/// Most attributes of the main section that are kept.
const LIMIT: usize = 1000;

/// What an archive says of itself (JAR File Specification, "JAR Manifest"): its main section, without what is about single entries.
#[derive(Default)]
pub(super) struct Manifest {
    attributes: Vec<(String, String)>,
}

impl Manifest {
    pub(super) fn parse(text: &str) -> Self {
        let mut attributes: Vec<(String, String)> = Vec::new();
        // A line ends in CR LF, LF or CR.
        for line in text.replace("\r\n", "\n").split(['\n', '\r']) {
            if let Some(more) = line.strip_prefix(' ') {
                if let Some((_, value)) = attributes.last_mut() {
                    value.push_str(more);
                }
            } else if line.is_empty() || attributes.len() == LIMIT {
                break;
            } else if let Some((name, value)) = line.split_once(':') {
                attributes.push((name.to_ascii_lowercase(), value.strip_prefix(' ').unwrap_or(value).to_owned()));
            }
        }
        Self { attributes }
    }

    /// Returns the first of these attributes that says something; their names are in small letters.
    pub(super) fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|wanted| {
            let (_, value) = self.attributes.iter().find(|(name, _)| name == wanted)?;
            said(value.trim().to_owned())
        })
    }

    /// Returns the first of these attributes that says something that may be part of coordinates.
    pub(super) fn word(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.first(&[name]).filter(|value| is_word(value)))
    }

    /// Returns the name of the bundle, without what is said about it (OSGi Core, `Bundle-SymbolicName`).
    pub(super) fn bundle(&self) -> Option<String> {
        let name = self.first(&["bundle-symbolicname"])?;
        name.split(';').next().map(|name| name.trim().to_owned()).filter(|name| is_word(name))
    }

    /// Returns its licences: addresses or names, each with notes behind it (OSGi Core, `Bundle-License`).
    pub(super) fn licences(&self) -> Vec<String> {
        let all = self.first(&["bundle-license"]).unwrap_or_default();
        let names = all.split(',').filter_map(|one| one.split(';').next()).map(|name| name.trim().trim_matches('"'));
        names.filter(|name| !name.is_empty() && *name != "<<EXTERNAL>>").map(str::to_owned).collect()
    }
}

/// Returns whether a text may be a group, an artifact or a version.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte))
}
