use serde::{Deserialize, Serialize};

/// Longest value that is taken over, in characters. It comes again in the package URL of every package.
const VALUE_LIMIT: usize = 200;

/// Which distribution an image is made of (os-release(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Distribution {
    /// `ID`, such as `debian`.
    pub id: String,
    /// `VERSION_ID`, such as `12`. Debian's testing and unstable have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// `VERSION_CODENAME`, such as `bookworm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// `PRETTY_NAME`, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretty_name: Option<String>,
}

impl Distribution {
    /// Reads the text of an `os-release` file. `None`: it names no distribution.
    pub fn read(text: &str) -> Option<Self> {
        let value = |key: &str| {
            // The last assignment counts, as in a shell.
            let line = text.lines().rev().find_map(|line| line.trim_start().strip_prefix(key)?.strip_prefix('='))?;
            let value: String = unquoted(line.trim_end()).chars().take(VALUE_LIMIT).collect();
            Some(value).filter(|value| !value.is_empty())
        };
        let id = value("ID")?;
        // openEuler says its service packs there alone: `22.03 (LTS-SP4)`.
        let whole = value("VERSION").filter(|_| id.eq_ignore_ascii_case("openeuler"));
        let whole = whole.map(|version| version.replace([')'], "").replace(" (", "-"));
        Some(Self {
            id,
            version_id: whole.or_else(|| value("VERSION_ID")),
            codename: value("VERSION_CODENAME"),
            pretty_name: value("PRETTY_NAME"),
        })
    }

    /// Returns its number, or the codename where there is none.
    pub fn version(&self) -> Option<&str> {
        self.version_id.as_deref().or(self.codename.as_deref())
    }
}

fn unquoted(value: &str) -> String {
    let quoted = |quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    match (quoted('"'), quoted('\'')) {
        (_, Some(inner)) => inner.to_owned(),
        (Some(inner), None) => unescaped(inner),
        (None, None) => unescaped(value),
    }
}

fn unescaped(value: &str) -> String {
    let mut characters = value.chars();
    let mut plain = String::new();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_os_release() {
        let text = "# a comment\nPRETTY_NAME=\"Debian \\\"12\\\"\"\nID=debian\nVERSION_ID='12'\nID_LIKE=other\nVERSION_CODENAME=bookworm\n";
        let distribution = Distribution::read(text).unwrap();
        assert_eq!((distribution.id.as_str(), distribution.version()), ("debian", Some("12")));
        assert_eq!(distribution.pretty_name.as_deref(), Some("Debian \"12\""));
        assert_eq!(distribution.codename.as_deref(), Some("bookworm"));
    }

    #[test]
    fn knows_the_service_packs_of_openeuler() {
        let text = "NAME=\"openEuler\"\nVERSION=\"22.03 (LTS-SP4)\"\nID=\"openEuler\"\nVERSION_ID=\"22.03\"\n";
        assert_eq!(Distribution::read(text).unwrap().version(), Some("22.03-LTS-SP4"));
        let other = text.replace("ID=\"openEuler\"", "ID=\"other\"");
        assert_eq!(Distribution::read(&other).unwrap().version(), Some("22.03"));
    }

    #[test]
    fn bounds_what_every_package_repeats() {
        let distribution = Distribution::read(&format!("ID={0}\nVERSION_ID=\"{0}\"\n", "é".repeat(100_000))).unwrap();
        assert_eq!((distribution.id.len(), distribution.version().unwrap().len()), (400, 400));
    }

    #[test]
    fn does_without_a_number() {
        assert_eq!(Distribution::read("ID=debian\nVERSION_CODENAME=forky").unwrap().version(), Some("forky"));
        assert_eq!(Distribution::read("ID=arch").unwrap().version(), None);
        for text in ["", "ID=", "ID=\"\"", "VERSION_ID=12", "IDX=1", "\"", "ID"] {
            assert_eq!(Distribution::read(text), None, "{text}");
        }
    }
}
