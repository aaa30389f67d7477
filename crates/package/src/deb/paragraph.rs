use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

/// Largest paragraph, in bytes. Release files are single paragraphs of some hundred kilobytes.
const SIZE_LIMIT: usize = 32 * 1024 * 1024;
/// Most fields of a paragraph.
const FIELD_LIMIT: usize = 1000;

/// A paragraph of control data: named fields, of one or more lines each (deb822(5)). Keeps its exact text.
#[derive(Clone, PartialEq, Eq)]
pub struct Paragraph {
    text: String,
    fields: Vec<Field>,
}

#[derive(Clone, PartialEq, Eq)]
struct Field {
    name: Range<usize>,
    value: Range<usize>,
}

/// A text that is not control data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParagraphError {
    /// A line is neither `Name: value` nor the continuation of one.
    #[error("line {line} is neither `Name: value` nor indented: `{text}`")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// Its beginning.
        text: String,
    },
    /// A field stands twice, which two readers could understand differently.
    #[error("line {line}: the field `{name}` stands twice")]
    Duplicate {
        /// The line of the second, counted from 1.
        line: usize,
        /// The field.
        name: String,
    },
    /// The paragraph is too large.
    #[error("line {line}: a paragraph of more than {SIZE_LIMIT} bytes or {FIELD_LIMIT} fields")]
    TooLarge {
        /// The line, counted from 1.
        line: usize,
    },
    /// There is no paragraph, or more than one, where one is expected.
    #[error("{count} paragraphs where there should be one")]
    Count {
        /// How many there are.
        count: usize,
    },
}

impl Paragraph {
    /// Parses a text of exactly one paragraph.
    pub fn parse(text: &str) -> Result<Self, ParagraphError> {
        let mut paragraphs = Self::parse_all(text)?;
        match (paragraphs.pop(), paragraphs.len()) {
            (Some(paragraph), 0) => Ok(paragraph),
            (last, others) => Err(ParagraphError::Count { count: others + usize::from(last.is_some()) }),
        }
    }

    /// Parses paragraphs that are separated by empty lines.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, ParagraphError> {
        Ok(Self::parse_with_lines(text)?.into_iter().map(|(_, paragraph)| paragraph).collect())
    }

    /// Parses paragraphs, each with the number of its first line, counted from 1.
    pub(crate) fn parse_with_lines(text: &str) -> Result<Vec<(usize, Self)>, ParagraphError> {
        split(text).map(|(line, text)| Ok((line, Self::parse_one(text, line)?))).collect()
    }

    /// Parses lines none of which is empty; `first_line` is the number of the first.
    pub(crate) fn parse_one(text: &str, first_line: usize) -> Result<Self, ParagraphError> {
        if text.len() > SIZE_LIMIT {
            return Err(ParagraphError::TooLarge { line: first_line });
        }
        let mut fields: Vec<Field> = Vec::new();
        let mut names = HashSet::new();
        let mut start = 0;
        for (number, with_end) in text.split_inclusive('\n').enumerate() {
            let line = first_line + number;
            let content = with_end.trim_end_matches(['\n', '\r', ' ', '\t']);
            let error = || ParagraphError::Line { line, text: content.chars().take(80).collect() };
            if content.starts_with([' ', '\t']) {
                fields.last_mut().ok_or_else(error)?.value.end = start + content.len();
            } else {
                let colon = content.find(':').filter(|colon| valid_name(&content[..*colon])).ok_or_else(error)?;
                let name = &content[..colon];
                if !names.insert(name.to_ascii_lowercase()) {
                    return Err(ParagraphError::Duplicate { line, name: name.to_owned() });
                }
                if fields.len() == FIELD_LIMIT {
                    return Err(ParagraphError::TooLarge { line });
                }
                let value = content[colon + 1..].trim_start_matches([' ', '\t']);
                let value_start = content.len() - value.len();
                fields.push(Field { name: start..start + colon, value: start + value_start..start + content.len() });
            }
            start += with_end.len();
        }
        Ok(Self { text: text.to_owned(), fields })
    }

    /// Returns the exact text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the value of a field, whose name is looked up regardless of case. Further lines follow as written, each
    /// with its indentation; space at both ends is removed.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Returns the names and values of all fields, in the order written.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|field| (&self.text[field.name.clone()], &self.text[field.value.clone()]))
    }

    /// Returns the words of a field, none where it is absent.
    pub fn words(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).unwrap_or_default().split_whitespace()
    }

    /// Returns the lines of a field, without indentation and without empty ones.
    pub fn lines(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty())
    }
}

impl fmt::Debug for Paragraph {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.fields()).finish()
    }
}

/// Splits a text at its empty lines: the number of each paragraph's first line, and its text with all line ends.
pub(crate) fn split(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = text;
    let mut line = 1;
    std::iter::from_fn(move || {
        let mut begin = None;
        let (mut length, mut count) = (0, 0);
        for content in rest.split_inclusive('\n') {
            match (content.trim_ascii().is_empty(), begin) {
                (true, Some(_)) => break,
                (true, None) => {}
                (false, None) => begin = Some((length, line + count)),
                (false, Some(_)) => {}
            }
            length += content.len();
            count += 1;
        }
        let (start, number) = begin?;
        let paragraph = &rest[start..length];
        rest = &rest[length..];
        line += count;
        Some((number, paragraph))
    })
}

/// Printable ASCII without space and colon, starting with neither `#` nor `-` (Debian policy, section 5.1).
fn valid_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['#', '-'])
        && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str =
        "\n\nPackage: a\nDescription: short  \n long\n .\n  more\nEmpty:\nList:\n 1 2\n\t3\n \n\nPackage:b:c\r\n";

    #[test]
    fn reads_fields() {
        let paragraphs = Paragraph::parse_with_lines(TEXT).unwrap();
        assert_eq!(paragraphs.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 14]);
        let first = &paragraphs[0].1;
        assert_eq!(first.get("package"), Some("a"));
        assert_eq!(first.get("DESCRIPTION"), Some("short  \n long\n .\n  more"));
        assert_eq!(first.get("Empty"), Some(""));
        assert_eq!(first.words("List").collect::<Vec<_>>(), ["1", "2", "3"]);
        assert_eq!(first.lines("List").collect::<Vec<_>>(), ["1 2", "3"]);
        assert_eq!(first.get("Absent"), None);
        assert_eq!(first.words("Absent").count(), 0);
        assert!(first.text().starts_with("Package: a\n") && first.text().ends_with("\t3\n"));
        assert_eq!(paragraphs[1].1.get("Package"), Some("b:c"));
    }

    #[test]
    fn refuses_what_is_not_control_data() {
        for (text, expected) in [
            ("A: 1\nb\n", ParagraphError::Line { line: 2, text: "b".into() }),
            ("\n a\n", ParagraphError::Line { line: 2, text: " a".into() }),
            (": x\n", ParagraphError::Line { line: 1, text: ": x".into() }),
            ("#A: x\n", ParagraphError::Line { line: 1, text: "#A: x".into() }),
            ("A b: x\n", ParagraphError::Line { line: 1, text: "A b: x".into() }),
            ("A: 1\nB: 2\na: 3\n", ParagraphError::Duplicate { line: 3, name: "a".into() }),
            ("", ParagraphError::Count { count: 0 }),
            ("A: 1\n\nA: 2\n", ParagraphError::Count { count: 2 }),
        ] {
            assert_eq!(Paragraph::parse(text).unwrap_err(), expected, "{text:?}");
        }
        let many: String = (0..1001).map(|number| format!("F{number}: x\n")).collect();
        assert_eq!(Paragraph::parse(&many).unwrap_err(), ParagraphError::TooLarge { line: 1001 });
    }

    #[test]
    fn names_may_be_many_and_long() {
        // Were each compared with all before it, this would take a minute.
        let long = "Long".repeat(7_500);
        let text: String = (100..1100).map(|number| format!("{long}{number:04}: {number}\n")).collect();
        for number in 100..120 {
            let paragraph = Paragraph::parse_one(&text, number).unwrap();
            assert_eq!(
                paragraph.get(&format!("{}{number:04}", long.to_lowercase())),
                Some(number.to_string().as_str())
            );
        }
        let twice = text.replace("1099:", "0100:");
        assert!(matches!(Paragraph::parse(&twice), Err(ParagraphError::Duplicate { line: 1000, .. })));
    }

    proptest! {
        #[test]
        fn never_panics(text in "([A-Ca-c#é: \\t\\r]{0,4}\n?){0,20}") {
            for paragraph in Paragraph::parse_all(&text).unwrap_or_default() {
                prop_assert!(text.contains(paragraph.text()));
                prop_assert_eq!(Paragraph::parse(paragraph.text()).unwrap(), paragraph);
            }
        }
    }
}
