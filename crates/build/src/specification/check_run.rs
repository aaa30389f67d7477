//! From the shape of `run:` to a command that can be run.

use super::check::{Checked, Checker};
use super::wire_run::{WireCommand, WireRun, WireVariable};
use super::{InputSpecification, Place, Position, Problem, RunSpecification, Variable, duration};
use crate::template::{KNOWN, misspelt};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a command may take unless the image file says so.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30 * 60);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 3600);
/// Most words of a command, inputs and variables.
const COUNT_LIMIT: usize = 1000;
/// Words that mean something to a shell only.
const SHELL_WORDS: [&str; 8] = ["&&", "||", "|", ";", "&", ">", ">>", "<"];
/// What a command never sees, whatever an image file says: what unlocks the key.
const SECRETS: [&str; 2] = ["COSIGN_PASSWORD", "COSIGN_PRIVATE_KEY"];

impl Checker<'_> {
    pub(super) fn run(&self, run: Spanned<WireRun>, files: usize) -> Checked<RunSpecification> {
        let position = Position::of(&run);
        if files == 0 {
            // What it makes would go nowhere.
            return Err(self.refuse(position, Problem::MissingKey { key: "files" }));
        }
        let WireRun { command, inputs, environment, directory, timeout } = run.value;
        if environment.len() > COUNT_LIMIT {
            return Err(self.refuse(position, too_many("environment")));
        }
        let place = self.place(Position::of(&command));
        Ok(RunSpecification {
            command: self.command(command)?,
            inputs: inputs.map(|inputs| self.inputs(inputs)).transpose()?,
            environment: environment
                .into_iter()
                .map(|(name, value)| self.variable(name, value))
                .collect::<Checked<BTreeMap<_, _>>>()?,
            directory: match directory {
                Some(directory) => self.relative("directory", directory)?.path,
                None => ".".to_owned(),
            },
            timeout: timeout.map_or(Ok(DEFAULT_TIMEOUT), |timeout| self.timeout(&timeout))?,
            place,
        })
    }

    fn command(&self, command: Spanned<WireCommand>) -> Checked<Vec<String>> {
        let wrong = |problem: &str| self.value("command", &command, problem);
        let words = match &command.value {
            WireCommand::Words(words) => words.clone(),
            WireCommand::Text(text) => {
                let words = shlex::split(text).ok_or_else(|| wrong("a quotation mark is not closed"))?;
                if let Some(word) = words.iter().find(|word| SHELL_WORDS.contains(&word.as_str())) {
                    let problem = format!(
                        "`{word}` needs a shell, and commands are run without one; write `[/bin/sh, -ec, \"…\"]`"
                    );
                    return Err(wrong(&problem));
                }
                words
            }
        };
        if words.len() > COUNT_LIMIT {
            return Err(self.refuse(Position::of(&command), too_many("command")));
        }
        if words.first().is_none_or(String::is_empty) {
            return Err(wrong("it names no program"));
        }
        for word in &words {
            self.text("command", &command, word)?;
        }
        Ok(words)
    }

    fn inputs(&self, inputs: Spanned<Vec<Spanned<String>>>) -> Checked<Vec<InputSpecification>> {
        if inputs.value.len() > COUNT_LIMIT {
            return Err(self.refuse(Position::of(&inputs), too_many("inputs")));
        }
        inputs.value.into_iter().map(|input| self.relative("inputs", input)).collect()
    }

    /// Checks a path that begins at the image file's folder. It may lead out of it, to another folder of the same repository.
    fn relative(&self, key: &'static str, path: Spanned<String>) -> Checked<InputSpecification> {
        self.text(key, &path, &path.value)?;
        if path.value.starts_with('/') || path.value.is_empty() {
            let problem = format!("`{}` is not a path relative to the folder of the image file", path.value);
            return Err(self.value(key, &path, problem));
        }
        let mut parts =
            path.value.split('/').filter(|part| !matches!(*part, "" | ".")).skip_while(|part| *part == "..");
        if parts.any(|part| part == "..") {
            let problem = format!("`{}` goes up behind a name; `..` may only stand first", path.value);
            return Err(self.value(key, &path, problem));
        }
        Ok(InputSpecification { place: self.place(Position::of(&path)), path: path.value })
    }

    fn variable(&self, name: String, value: Spanned<WireVariable>) -> Checked<(String, Variable)> {
        let position = Position::of(&value);
        let wrong = |problem: String| self.value("environment", &value, problem);
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(wrong(format!("`{name}` is not a name of a variable")));
        }
        let variable = match &value.value {
            WireVariable::Text(text) => {
                self.text("environment", &value, text)?;
                Variable::Text(text.clone())
            }
            // What is as long as it was written is what was written: not `010`, `1.50` or `True`.
            WireVariable::Scalar(text) if text.len() == position.width && text != "true" && text != "false" => {
                Variable::Text(text.clone())
            }
            WireVariable::Scalar(_) => return Err(wrong("this value has to stand in quotes".to_owned())),
            WireVariable::Environment(variable) if is_variable(variable) => {
                if SECRETS.contains(&variable.as_str()) {
                    return Err(wrong(format!("`{variable}` is for signing, and no command sees it")));
                }
                Variable::Environment { env: variable.clone(), place: self.place(position) }
            }
            // It may be a secret that stands in the wrong place: it is named nowhere.
            WireVariable::Environment(_) => {
                return Err(wrong("`env` must be the name of an environment variable".to_owned()));
            }
        };
        Ok((name, variable))
    }

    fn timeout(&self, timeout: &Spanned<String>) -> Checked<Duration> {
        let text = &timeout.value;
        let duration = duration::parse(text).filter(|length| !length.is_zero() && *length <= LONGEST_TIMEOUT);
        duration.ok_or_else(|| {
            let problem =
                format!("`{text}` is not a length of time from 1 second to 24 hours, such as `90s` or `1h30m`");
            self.value("timeout", timeout, problem)
        })
    }

    /// Refuses words in braces that stand for nothing, and what no program can be given.
    fn text<T>(&self, key: &'static str, at: &Spanned<T>, text: &str) -> Checked<()> {
        if text.contains('\0') {
            return Err(self.value(key, at, "a NUL character cannot be passed on"));
        }
        match misspelt(text) {
            Some(word) => Err(self.value(key, at, format!("`{word}` stands for nothing: {KNOWN} are filled in"))),
            None => Ok(()),
        }
    }

    fn place(&self, position: Position) -> Place {
        Place { file: self.file.to_owned(), position }
    }
}

fn too_many(key: &'static str) -> Problem {
    Problem::Value { key, problem: format!("more than {COUNT_LIMIT} entries") }
}

fn is_variable(name: &str) -> bool {
    let valid = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    name.bytes().all(valid) && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.len() <= 200
}
