//! Words in braces that build arguments and labels of the configuration may have.

use crate::error::CommandError;
use consign_build::{fill_words, unknown_word};
use consign_plan::configuration::Spanned;
use consign_plan::{Code, Configuration, ConfigurationError};

/// The words.
const KNOWN: [&str; 4] = ["version", "commit", "short-commit", "created"];
/// How much of a commit is its short form, as in tags.
const SHORT: usize = 7;

/// What the words stand for.
pub(crate) struct Words<'a> {
    /// The version; empty where there is none.
    pub(crate) version: &'a str,
    /// The commit.
    pub(crate) commit: Option<&'a str>,
    /// Returns the time of the image, RFC 3339.
    pub(crate) created: &'a dyn Fn() -> Result<String, CommandError>,
}

impl Words<'_> {
    /// Fills the words of a value in. `${word}` stays as it is.
    pub(crate) fn fill(
        &self,
        configuration: &Configuration,
        written: &Spanned<String>,
    ) -> Result<String, CommandError> {
        let refused = |message: String, hint: &str| {
            let hint = Some(hint.to_owned());
            ConfigurationError::from(configuration.file.diagnostic(Code::Value, written.span, message, hint)).into()
        };
        if let Some(word) = unknown_word(written, |word| KNOWN.contains(&word)) {
            let hint = "the words are `{version}`, `{commit}`, `{short-commit}` and `{created}`";
            return Err(refused(format!("`{word}` stands for nothing here"), hint));
        }
        let mut failure = None;
        let filled = fill_words(written, |word| {
            let value = match word {
                "version" => Some(self.version).filter(|version| !version.is_empty()).map(str::to_owned),
                "commit" => self.commit.map(str::to_owned),
                "short-commit" => self.commit.map(|commit| commit.chars().take(SHORT).collect()),
                "created" => match (self.created)() {
                    Ok(created) => Some(created),
                    Err(error) => {
                        failure = Some(error);
                        None
                    }
                },
                _ => return None,
            };
            if value.is_none() && failure.is_none() {
                let hint = "it comes from git: commit, or leave the word out";
                failure = Some(refused(format!("`{{{word}}}` has no value"), hint));
            }
            value
        });
        failure.map_or(Ok(filled), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_what_is_known() {
        let text = "build: [{source: Dockerfile, destination: localhost/a:1}]\n";
        let configuration = Configuration::parse("consign.yaml", text).unwrap();
        let created = || Ok("1970-01-01T00:00:07Z".to_owned());
        let words = Words { version: "1.2.3", commit: Some("0123456789abcdef"), created: &created };
        let fill = |words: &Words<'_>, text: &str| {
            let error = |error: CommandError| error.configuration.unwrap().diagnostics[0].message.clone();
            words.fill(&configuration, &Spanned::new(text.to_owned(), Default::default())).map_err(error)
        };
        for (text, expected) in [
            ("v{version}-{short-commit} {commit}", Ok("v1.2.3-0123456 0123456789abcdef")),
            ("{created}", Ok("1970-01-01T00:00:07Z")),
            ("${version} {{version}} {\"a\": 1} {} {A}", Ok("${version} {1.2.3} {\"a\": 1} {} {A}")),
            ("{short_commit} {comit}", Err("`{comit}` stands for nothing here")),
        ] {
            assert_eq!(fill(&words, text), expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
        let none = Words { version: "", commit: None, created: &created };
        assert_eq!(fill(&none, "${commit}"), Ok("${commit}".to_owned()));
        assert_eq!(fill(&none, "{commit}"), Err("`{commit}` has no value".to_owned()));
        assert_eq!(fill(&none, "{version}"), Err("`{version}` has no value".to_owned()));
    }
}
