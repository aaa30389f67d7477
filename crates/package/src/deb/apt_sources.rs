//! The repositories that apt is configured for: lines of `sources.list`, and paragraphs of `*.sources` (sources.list(5)).

use super::{Paragraph, ParagraphError};
use std::path::{Path, PathBuf};

/// Most repositories of one file.
const COUNT_LIMIT: usize = 10_000;

/// One suite of one repository of packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AptSource {
    /// The repository's address, as written.
    pub uri: String,
    /// The suite, or, ending in `/`, the folder of a repository without suites.
    pub suite: String,
    /// Components; none where the suite is a folder.
    pub components: Vec<String>,
    /// Debian's names of the architectures to which it is limited.
    pub architectures: Option<Vec<String>>,
    /// Whose signature is trusted; otherwise, that of any key that apt trusts.
    pub signed_by: Option<SignedBy>,
    /// Whether it counts as trusted (or never does) regardless of signatures, where that is stated.
    pub trusted: Option<bool>,
    /// Where this stands.
    pub from: Place,
}

/// Whose signature is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// The keys in these files.
    Files(Vec<PathBuf>),
    /// The keys with these fingerprints, of those that apt trusts.
    Fingerprints(Vec<String>),
    /// This armored key.
    Key(String),
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
}

/// A configuration that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AptSourcesError {
    /// A line is not one of a `sources.list`.
    #[error("{path}, line {line}: expected `deb [option=value …] address suite component …`")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// A paragraph cannot be parsed.
    #[error("{path}")]
    Paragraph {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ParagraphError,
    },
    /// A field is missing.
    #[error("{path}, line {line}: the field `{field}` is missing")]
    Missing {
        /// The file.
        path: PathBuf,
        /// The paragraph's first line, counted from 1.
        line: usize,
        /// The field.
        field: &'static str,
    },
    /// Components stand beside a folder, or none beside a suite.
    #[error(
        "{path}, line {line}: `{suite}` needs components, or, if it is a folder, a `/` at its end and no components"
    )]
    Components {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The suite.
        suite: String,
    },
    /// A value cannot stand there.
    #[error("{path}, line {line}: `{field}` cannot be `{value}`")]
    Value {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The field or option.
        field: &'static str,
        /// What was read.
        value: String,
    },
    /// There are too many.
    #[error("{path}: more than {COUNT_LIMIT} repositories")]
    TooMany {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a file of either form, told apart by its name: `*.sources`, or lines. Repositories of source packages are passed over,
/// and so are those that are not enabled.
pub fn parse(path: &Path, text: &str) -> Result<Vec<AptSource>, AptSourcesError> {
    if path.extension().is_some_and(|extension| extension == "sources") {
        parse_paragraphs(path, text)
    } else {
        parse_lines(path, text)
    }
}

/// Reads the lines of a `sources.list`.
pub fn parse_lines(path: &Path, text: &str) -> Result<Vec<AptSource>, AptSourcesError> {
    let mut sources = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let place = Place { path: path.to_owned(), line: number + 1 };
        let error = || AptSourcesError::Line { path: path.to_owned(), line: number + 1 };
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some((kind, rest)) = line.split_once(char::is_whitespace) else {
            if line.is_empty() {
                continue;
            }
            return Err(error());
        };
        match kind {
            "deb" => {}
            "deb-src" => continue,
            _ => return Err(error()),
        }
        let (options, rest) = match rest.trim_start().strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or_else(error)?,
            None => ("", rest),
        };
        let mut words = rest.split_whitespace().map(str::to_owned);
        let (Some(uri), Some(suite)) = (words.next(), words.next()) else { return Err(error()) };
        // A disc is named in brackets with spaces, and cannot be fetched from.
        if uri.starts_with("cdrom:") {
            continue;
        }
        let mut source = AptSource {
            uri,
            suite,
            components: words.collect(),
            architectures: None,
            signed_by: None,
            trusted: None,
            from: place.clone(),
        };
        for option in options.split_whitespace() {
            let (name, value) = option.split_once('=').ok_or_else(error)?;
            match name {
                "arch" => source.architectures = Some(value.split(',').map(str::to_owned).collect()),
                "signed-by" => source.signed_by = Some(signed_by(value, &place)?),
                "trusted" => source.trusted = Some(truth("trusted", value, &place)?),
                // Options that change what apt downloads, not which packages there are.
                _ => {}
            }
        }
        push(&mut sources, source)?;
    }
    Ok(sources)
}

/// Reads the paragraphs of a `*.sources` file.
pub fn parse_paragraphs(path: &Path, text: &str) -> Result<Vec<AptSource>, AptSourcesError> {
    // Comments may stand between any two lines, even of one field, so they go first; messages count the lines as written.
    let kept: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#'))
        .map(|(number, line)| (number + 1, line))
        .collect();
    let text: String = kept.iter().flat_map(|(_, line)| [line, "\n"]).collect();
    let original = |line: usize| kept.get(line - 1).map_or(line, |(number, _)| *number);
    let paragraphs = Paragraph::parse_with_lines(&text)
        .map_err(|source| AptSourcesError::Paragraph { path: path.to_owned(), source: renumbered(source, original) })?;
    let mut sources = Vec::new();
    for (line, paragraph) in paragraphs {
        let place = Place { path: path.to_owned(), line: original(line) };
        let optional_truth = |field| paragraph.get(field).map(|value| truth(field, value, &place)).transpose();
        if optional_truth("Enabled")? == Some(false) || !paragraph.words("Types").any(|kind| kind == "deb") {
            continue;
        }
        let words = |field| paragraph.words(field).map(str::to_owned).collect::<Vec<_>>();
        let (uris, suites) = (words("URIs"), words("Suites"));
        for (field, values) in [("URIs", &uris), ("Suites", &suites)] {
            if values.is_empty() {
                return Err(AptSourcesError::Missing { path: path.to_owned(), line: place.line, field });
            }
        }
        let architectures = paragraph.get("Architectures").map(|_| words("Architectures"));
        let signed_by = paragraph.get("Signed-By").map(|value| signed_by(value, &place)).transpose()?;
        let trusted = optional_truth("Trusted")?;
        for uri in &uris {
            for suite in &suites {
                let source = AptSource {
                    uri: uri.clone(),
                    suite: suite.clone(),
                    components: words("Components"),
                    architectures: architectures.clone(),
                    signed_by: signed_by.clone(),
                    trusted,
                    from: place.clone(),
                };
                push(&mut sources, source)?;
            }
        }
    }
    Ok(sources)
}

fn push(sources: &mut Vec<AptSource>, source: AptSource) -> Result<(), AptSourcesError> {
    let Place { path, line } = source.from.clone();
    if source.suite.ends_with('/') != source.components.is_empty() {
        return Err(AptSourcesError::Components { path, line, suite: source.suite });
    }
    if sources.len() == COUNT_LIMIT {
        return Err(AptSourcesError::TooMany { path });
    }
    sources.push(source);
    Ok(())
}

fn signed_by(value: &str, place: &Place) -> Result<SignedBy, AptSourcesError> {
    if value.contains("-----BEGIN PGP") {
        // In control data, an empty line is written as a dot, and every line is indented.
        let lines = value.lines().map(str::trim).map(|line| if line == "." { "" } else { line });
        return Ok(SignedBy::Key(lines.skip_while(|line| line.is_empty()).flat_map(|line| [line, "\n"]).collect()));
    }
    let items: Vec<&str> = value.split([',', ' ', '\t', '\n']).filter(|item| !item.is_empty()).collect();
    let is_fingerprint = |item: &&str| {
        let digits = item.strip_suffix('!').unwrap_or(item);
        digits.len() >= 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if !items.is_empty() && items.iter().all(|item| item.starts_with('/')) {
        Ok(SignedBy::Files(items.into_iter().map(PathBuf::from).collect()))
    } else if !items.is_empty() && items.iter().all(is_fingerprint) {
        Ok(SignedBy::Fingerprints(items.into_iter().map(str::to_owned).collect()))
    } else {
        Err(invalid("Signed-By", value, place))
    }
}

fn truth(field: &'static str, value: &str, place: &Place) -> Result<bool, AptSourcesError> {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" | "with" | "on" | "enable" | "1" => Ok(true),
        "no" | "false" | "without" | "off" | "disable" | "0" => Ok(false),
        _ => Err(invalid(field, value, place)),
    }
}

fn invalid(field: &'static str, value: &str, place: &Place) -> AptSourcesError {
    AptSourcesError::Value {
        path: place.path.clone(),
        line: place.line,
        field,
        value: value.chars().take(200).collect(),
    }
}

fn renumbered(error: ParagraphError, original: impl Fn(usize) -> usize) -> ParagraphError {
    match error {
        ParagraphError::Line { line, text } => ParagraphError::Line { line: original(line), text },
        ParagraphError::Duplicate { line, name } => ParagraphError::Duplicate { line: original(line), name },
        ParagraphError::TooLarge { line } => ParagraphError::TooLarge { line: original(line) },
        ParagraphError::Count { count } => ParagraphError::Count { count },
    }
}
