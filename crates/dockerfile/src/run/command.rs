//! The words of a command: what is executed, and the file that a script may be.

use crate::build::State;
use crate::instruction::{CommandLine, InstructionProblem, Run};

/// The folder that a script of its own lies in for the time of the command, as in BuildKit.
const SCRIPTS: &str = "/dev/pipes";

/// What is executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) arguments: Vec<String>,
    /// A script with its own interpreter, which lies where the first argument says.
    pub(super) script: Option<String>,
}

impl Words {
    /// Makes the words of a command. A here-document alone is the script; others belong to the text that names them, and go to the shell with it.
    pub(super) fn of(run: &Run, state: &State) -> Result<Self, InstructionProblem> {
        let text = match &run.command {
            CommandLine::Program(words) => return Ok(Self { arguments: words.clone(), script: None }),
            CommandLine::Shell(text) => text,
        };
        let shell = |text: String| Self { arguments: state.shell().into_iter().chain([text]).collect(), script: None };
        Ok(match &run.heredocs[..] {
            [] => shell(text.clone()),
            [alone] if alone.is_named_by(text.trim()) => {
                let content = alone.text();
                match content.starts_with("#!") {
                    // It would lie elsewhere, in place of what is there.
                    true if alone.name.contains('/') || matches!(alone.name.as_str(), "." | "..") => {
                        return Err(InstructionProblem::Value {
                            name: "the name of the here-document",
                            value: alone.name.clone(),
                            expected: "the name of a file, without a folder",
                        });
                    }
                    true => Self { arguments: vec![format!("{SCRIPTS}/{}", alone.name)], script: Some(content) },
                    false => shell(content),
                }
            }
            several => {
                let mut whole = text.clone();
                for heredoc in several {
                    // The shell reads it as it stands in the file.
                    whole.push('\n');
                    whole.push_str(&heredoc.content);
                    whole.push_str(&heredoc.name);
                }
                whole.push('\n');
                shell(whole)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instruction::{Action, Dockerfile};
    use crate::syntax;

    fn words(text: &str) -> Words {
        let file = Dockerfile::new(syntax::read(format!("FROM a\n{text}").as_bytes()).unwrap()).unwrap();
        let Action::Run(run) = &file.stages[0].instructions[0].action else { panic!("no RUN") };
        Words::of(run, &State::scratch("linux/amd64".parse().unwrap(), 0)).unwrap()
    }

    #[test]
    fn here_documents_are_scripts_or_go_to_the_shell() {
        let shell = |text: &str| ["/bin/sh", "-c", text].map(str::to_owned).to_vec();
        for (text, arguments) in [
            ("RUN a b", shell("a b")),
            ("RUN [\"a\", \"b c\"]", vec!["a".to_owned(), "b c".to_owned()]),
            ("RUN <<E\na\nb\nE\n", shell("a\nb\n")),
            ("RUN <<-E\n\ta\nE\n", shell("a\n")),
            ("RUN cat <<E\na\nE\n", shell("cat <<E\na\nE\n")),
            ("RUN cat <<A <<B\na\nA\nb\nB\n", shell("cat <<A <<B\na\nA\nb\nB\n")),
        ] {
            assert_eq!(words(text), Words { arguments, script: None }, "{text}");
        }
        for name in ["..", "a/b", "../../etc/passwd"] {
            let text = format!("FROM a\nRUN <<{name}\n#!/bin/sh\n{name}\n");
            let file = Dockerfile::new(syntax::read(text.as_bytes()).unwrap()).unwrap();
            let Action::Run(run) = &file.stages[0].instructions[0].action else { panic!("no RUN") };
            let error = Words::of(run, &State::scratch("linux/amd64".parse().unwrap(), 0)).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
        let script = words("RUN <<-install\n\t#!/usr/bin/python3\n\tprint(1)\n\tinstall\n");
        let content = "#!/usr/bin/python3\nprint(1)\n".to_owned();
        assert_eq!(script, Words { arguments: vec!["/dev/pipes/install".to_owned()], script: Some(content) });
    }
}
