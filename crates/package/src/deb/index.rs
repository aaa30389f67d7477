use super::paragraph::split;
use super::{PackageRecord, Paragraph, ParagraphError, RecordError, RelationError, parse_relations};
use std::collections::HashMap;
use std::ops::Range;

/// Most packages of one index.
const COUNT_LIMIT: usize = 2_000_000;

/// The packages of one component and architecture (Debian repository format, "Packages Indices").
///
/// Reading it notes where each package stands; a package's own fields are read when it is asked for.
#[derive(Debug)]
pub struct PackagesIndex {
    name: String,
    text: String,
    places: Vec<Place>,
    named: HashMap<String, Vec<usize>>,
    provided: HashMap<String, Vec<usize>>,
}

#[derive(Debug)]
struct Place {
    line: usize,
    text: Range<usize>,
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
        let mut index = Self {
            name: name.to_owned(),
            text: String::new(),
            places: Vec::new(),
            named: HashMap::new(),
            provided: HashMap::new(),
        };
        let start = text.as_ptr() as usize;
        for (line, paragraph) in split(&text) {
            if index.places.len() == COUNT_LIMIT {
                return Err(IndexError::TooMany { index: index.name });
            }
            let number = index.places.len();
            let keys = Keys::scan(paragraph);
            let package = keys.package.ok_or_else(|| IndexError::Nameless { index: index.name.clone(), line })?;
            push(&mut index.named, package, number);
            if let Some(provides) = keys.provides {
                let provides = parse_relations(provides);
                for relation in
                    provides.map_err(|source| IndexError::Provides { index: index.name.clone(), line, source })?
                {
                    push(&mut index.provided, &relation.name, number);
                }
            }
            let offset = paragraph.as_ptr() as usize - start;
            index.places.push(Place { line, text: offset..offset + paragraph.len() });
        }
        index.text = text;
        Ok(index)
    }

    /// Returns what errors call the index.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of packages.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns whether there are no packages.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns the packages of a name, in the order written.
    pub fn named(&self, name: &str) -> Result<Vec<PackageRecord>, IndexError> {
        self.records(self.named.get(name))
    }

    /// Returns the packages that provide a name, in the order written.
    pub fn providers(&self, name: &str) -> Result<Vec<PackageRecord>, IndexError> {
        self.records(self.provided.get(name))
    }

    fn records(&self, numbers: Option<&Vec<usize>>) -> Result<Vec<PackageRecord>, IndexError> {
        numbers
            .into_iter()
            .flatten()
            .filter_map(|number| self.places.get(*number))
            .map(|place| self.record(place))
            .collect()
    }

    fn record(&self, place: &Place) -> Result<PackageRecord, IndexError> {
        let paragraph = Paragraph::parse_one(&self.text[place.text.clone()], place.line)
            .map_err(|source| IndexError::Paragraph { index: self.name.clone(), source })?;
        PackageRecord::from_paragraph(paragraph).map_err(|source| IndexError::Record {
            index: self.name.clone(),
            line: place.line,
            source: Box::new(source),
        })
    }
}

/// The fields by which packages are found.
#[derive(Default)]
struct Keys<'a> {
    package: Option<&'a str>,
    provides: Option<&'a str>,
}

impl<'a> Keys<'a> {
    /// Finds them without reading the others.
    fn scan(paragraph: &'a str) -> Self {
        let mut keys = Self::default();
        let mut start = 0;
        for line in paragraph.split_inclusive('\n') {
            if let Some(value) = value_of(line, "Package:") {
                keys.package = Some(value.trim());
            } else if value_of(line, "Provides:").is_some() {
                let value = start + "Provides:".len();
                let end =
                    paragraph[value..].match_indices('\n').map(|(position, _)| value + position).find(|position| {
                        // The field ends where the next line is not indented.
                        !paragraph[position + 1..].starts_with([' ', '\t'])
                    });
                keys.provides = Some(&paragraph[value..end.unwrap_or(paragraph.len())]);
            }
            start += line.len();
        }
        keys
    }
}

fn value_of<'a>(line: &'a str, field: &str) -> Option<&'a str> {
    let name = line.get(..field.len())?;
    name.eq_ignore_ascii_case(field).then(|| &line[field.len()..])
}

fn push(map: &mut HashMap<String, Vec<usize>>, key: &str, number: usize) {
    match map.get_mut(key) {
        Some(numbers) if numbers.last() == Some(&number) => {}
        Some(numbers) => numbers.push(number),
        None => {
            map.insert(key.to_owned(), vec![number]);
        }
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
