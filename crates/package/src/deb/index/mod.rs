mod form;
mod form_writer;
mod keys;

use super::paragraph::split;
use super::{PackageRecord, Paragraph, ParagraphError, RecordError, RelationError, parse_relations};
use form::{Form, Found, Table};
use form_writer::FormWriter;
use keys::Keys;

/// Most packages of one index.
const COUNT_LIMIT: usize = 2_000_000;

/// The packages of one component and architecture (Debian repository format, "Packages Indices").
///
/// Reading it notes where each package stands; a package's own fields are read when it is asked for.
#[derive(Debug)]
pub struct PackagesIndex {
    name: String,
    form: Form,
}

/// A text that is not an index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// A paragraph names no package.
    #[error("{index}, line {line}: a paragraph without the field `Package`")]
    Nameless {
        /// The index.
        index: String,
        /// The paragraph's first line, counted from 1.
        line: usize,
    },
    /// A paragraph's Provides are wrong.
    #[error("{index}, line {line}: the field `Provides`")]
    Provides {
        /// The index.
        index: String,
        /// The paragraph's first line, counted from 1.
        line: usize,
        /// What is wrong.
        source: RelationError,
    },
    /// A paragraph cannot be parsed.
    #[error("{index}")]
    Paragraph {
        /// The index.
        index: String,
        /// What is wrong.
        source: ParagraphError,
    },
    /// A paragraph does not describe a package.
    #[error("{index}, line {line}")]
    Record {
        /// The index.
        index: String,
        /// The paragraph's first line, counted from 1.
        line: usize,
        /// What is wrong.
        source: Box<RecordError>,
    },
    /// It cannot be brought into the form in which it is kept.
    #[error("{index}: too large to be read")]
    TooLarge {
        /// The index.
        index: String,
    },
    /// What was kept of it is damaged.
    #[error("{index}: what was kept of it is damaged")]
    Damaged {
        /// The index.
        index: String,
    },
    /// There are too many packages.
    #[error("{index}: more than {COUNT_LIMIT} packages")]
    TooMany {
        /// The index.
        index: String,
    },
}

impl PackagesIndex {
    /// Reads a decompressed `Packages` file. `name` is how errors call it.
    pub fn parse(name: &str, bytes: Vec<u8>) -> Result<Self, IndexError> {
        // Names and dependencies are ASCII; descriptions of old packages may be anything.
        let text =
            String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let too_large = || IndexError::TooLarge { index: name.to_owned() };
        let mut writer = FormWriter::default();
        for (line, paragraph) in split(&text) {
            if writer.len() == COUNT_LIMIT {
                return Err(IndexError::TooMany { index: name.to_owned() });
            }
            let keys = Keys::scan(paragraph);
            let package = keys.package.ok_or_else(|| IndexError::Nameless { index: name.to_owned(), line })?;
            writer.add(package, line, paragraph).ok_or_else(too_large)?;
            let provides = parse_relations(keys.provides.unwrap_or_default())
                .map_err(|source| IndexError::Provides { index: name.to_owned(), line, source })?;
            provides.into_iter().try_for_each(|relation| writer.provide(relation.name)).ok_or_else(too_large)?;
        }
        Self::restore(name, writer.finish().ok_or_else(too_large)?)
            .ok_or_else(|| IndexError::Damaged { index: name.to_owned() })
    }

    /// Returns the index in a form from which [`PackagesIndex::restore`] makes it again without reading it all.
    pub fn form(&self) -> &[u8] {
        self.form.bytes()
    }

    /// Makes an index from what [`PackagesIndex::form`] returned; `None` where that was of another version, or is cut off.
    pub fn restore(name: &str, form: Vec<u8>) -> Option<Self> {
        Some(Self { name: name.to_owned(), form: Form::read(form)? })
    }

    /// Returns what errors call the index.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of packages.
    pub fn len(&self) -> usize {
        self.form.len()
    }

    /// Returns whether there are no packages.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the names of all packages, in any order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.form.names()
    }

    /// Returns the packages of a name, in the order written.
    pub fn named(&self, name: &str) -> Result<Vec<PackageRecord>, IndexError> {
        self.find(Table::Names, name)?.iter().map(|found| self.record(found)).collect()
    }

    /// Returns the names of the packages that provide a name, in the order written, each with the number of bytes that were read for it. What
    /// else is said of them is not looked at.
    pub fn providers(&self, name: &str) -> Result<Vec<(String, usize)>, IndexError> {
        let name_of = |found: Found| Some((Keys::scan(&found.text).package?.to_owned(), found.text.len()));
        Ok(self.find(Table::Provided, name)?.into_iter().filter_map(name_of).collect())
    }

    fn find(&self, table: Table, name: &str) -> Result<Vec<Found>, IndexError> {
        self.form.find(table, name).ok_or_else(|| IndexError::Damaged { index: self.name.clone() })
    }

    fn record(&self, found: &Found) -> Result<PackageRecord, IndexError> {
        let paragraph = Paragraph::parse_one(&found.text, found.line)
            .map_err(|source| IndexError::Paragraph { index: self.name.clone(), source })?;
        PackageRecord::from_paragraph(paragraph).map_err(|source| IndexError::Record {
            index: self.name.clone(),
            line: found.line,
            source: Box::new(source),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stanza(name: &str, version: &str, fields: &str) -> String {
        let digest = "0".repeat(64);
        format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\n{fields}Filename: a\nSize: 1\nSHA256: {digest}\n\n"
        )
    }

    #[test]
    fn finds_by_name_and_by_what_is_provided() {
        let text =
            [stanza("a", "1", ""), stanza("b", "1", "provides: m,\n n (= 2), m\nDepends: x\n"), stanza("a", "2", "")]
                .concat();
        let index = PackagesIndex::parse("test", text.into_bytes()).unwrap();
        assert_eq!(index.len(), 3);
        let versions: Vec<String> = index.named("a").unwrap().iter().map(|record| record.version.to_string()).collect();
        assert_eq!(versions, ["1", "2"]);
        for (name, expected) in [("m", 1), ("n", 1), ("x", 0), ("b", 0)] {
            assert_eq!(index.providers(name).unwrap().len(), expected, "{name}");
        }
        assert!(index.named("absent").unwrap().is_empty());
    }

    #[test]
    fn packages_may_provide_many_names() {
        // Were each compared with all before it, this would take minutes.
        let names: Vec<String> = (0..19_999).map(|number| format!("n{number}")).collect();
        let provides = format!("Provides: {}, n7\n", names.join(", "));
        let text: String = (0..100).map(|number| stanza(&format!("a{number}"), "1", &provides)).collect();
        let index = PackagesIndex::parse("test", text.into_bytes()).unwrap();
        for (name, expected) in [("n0", 100), ("n7", 100), ("n19998", 100), ("n19999", 0)] {
            assert_eq!(index.form.find(Table::Provided, name).unwrap().len(), expected, "{name}");
        }
    }

    #[test]
    fn comes_back_from_its_form() {
        let text: String = (0..500)
            .map(|number| stanza(&format!("a{number}"), "1", &format!("Provides: b{}\n", number % 7)))
            .collect();
        let index = PackagesIndex::parse("test", text.into_bytes()).unwrap();
        let restored = PackagesIndex::restore("test", index.form().to_vec()).unwrap();
        assert_eq!((restored.len(), restored.names().count()), (500, 500));
        for name in ["a0", "a77", "a499", "a500", "b0"] {
            assert_eq!(restored.named(name).unwrap(), index.named(name).unwrap(), "{name}");
            assert_eq!(restored.providers(name).unwrap(), index.providers(name).unwrap(), "{name}");
        }
        assert_eq!(restored.providers("b0").unwrap().len(), 72);
        for other in [&b""[..], b"consign packages 0\n", b"Package: a\n", &index.form()[..index.form().len() / 20]] {
            assert!(PackagesIndex::restore("test", other.to_vec()).is_none());
        }
    }

    #[test]
    fn says_where_it_is_wrong() {
        for (text, expected) in [
            (format!("{}Version: 1\n", stanza("a", "1", "")), "test, line 8: a paragraph without the field `Package`"),
            (stanza("a", "1", "Provides: (\n"), "test, line 1: the field `Provides`"),
        ] {
            assert_eq!(PackagesIndex::parse("test", text.into_bytes()).unwrap_err().to_string(), expected);
        }
        let text = format!("{}\n\n{}", stanza("a", "1", ""), stanza("b", "_", ""));
        let index = PackagesIndex::parse("test", text.into_bytes()).unwrap();
        assert_eq!(index.named("b").unwrap_err().to_string(), "test, line 10");
        assert!(PackagesIndex::parse("test", Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn survives_old_encodings() {
        let mut bytes = stanza("a", "1", "Description: x\n").into_bytes();
        let position = bytes.windows(2).position(|two| two == b"x\n").unwrap();
        bytes[position] = 0xE9;
        assert_eq!(
            PackagesIndex::parse("test", bytes).unwrap().named("a").unwrap()[0].paragraph.get("Description"),
            Some("\u{FFFD}")
        );
    }
}
