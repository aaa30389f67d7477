use super::SyntaxProblem;

/// The character that takes a line's end, or another character's meaning, away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escape(pub(super) char);

impl Escape {
    /// The backslash, which it is where a file does not say otherwise.
    pub const BACKSLASH: Self = Self('\\');
    /// The other that a file may ask for.
    pub const BACKTICK: Self = Self('`');

    /// Returns the character.
    pub fn character(self) -> char {
        self.0
    }
}

/// What the comments at the start of a file say to its readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directives {
    /// The frontend that is to read the file: an image's reference.
    pub syntax: Option<String>,
    /// The escape character.
    pub escape: Escape,
    /// What rules are to be checked, as written.
    pub check: Option<String>,
    /// The line of `check`, counted from 1; 0 without one.
    pub check_line: usize,
    escape_was_set: bool,
    ended: bool,
}

impl Default for Directives {
    fn default() -> Self {
        Self {
            syntax: None,
            escape: Escape::BACKSLASH,
            check: None,
            check_line: 0,
            escape_was_set: false,
            ended: false,
        }
    }
}

impl Directives {
    /// Reads a line. The first that is no directive ends them.
    pub(super) fn line(&mut self, line: &str, number: usize) -> Result<(), SyntaxProblem> {
        if self.ended {
            return Ok(());
        }
        let Some((name, value)) = directive(line) else {
            self.ended = true;
            return Ok(());
        };
        match name.to_ascii_lowercase().as_str() {
            "syntax" => once("syntax", &mut self.syntax, value),
            "check" => {
                self.check_line = number;
                once("check", &mut self.check, value)
            }
            "escape" if self.escape_was_set => Err(SyntaxProblem::DirectiveTwice { name: "escape" }),
            "escape" => {
                self.escape_was_set = true;
                match value {
                    "\\" => self.escape = Escape('\\'),
                    "`" => self.escape = Escape('`'),
                    other => return Err(SyntaxProblem::Escape { text: other.to_owned() }),
                }
                Ok(())
            }
            _ => {
                self.ended = true;
                Ok(())
            }
        }
    }
}

fn once(name: &'static str, place: &mut Option<String>, value: &str) -> Result<(), SyntaxProblem> {
    match place.replace(value.to_owned()) {
        Some(_) => Err(SyntaxProblem::DirectiveTwice { name }),
        None => Ok(()),
    }
}

/// Returns the name and the value of a comment of the form `# name = value`.
fn directive(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('#')?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let is_name = name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric());
    (is_name && !value.is_empty()).then_some((name, value))
}
