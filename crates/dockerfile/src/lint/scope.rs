use super::subject::Subject;
use crate::Variables;
use crate::instruction::{Action, Instruction};
use std::collections::BTreeSet;

/// Longest value that is kept, in characters: values can hold each other, and these are only to say what is written.
const VALUE_LIMIT: usize = 1024;

/// What is known at a place of a stage, that of the stage it builds on included.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// The variables that have a value.
    pub(super) variables: Variables,
    /// The arguments that are declared, with a value or without.
    pub(super) arguments: BTreeSet<String>,
    /// Whether a base image may define more variables.
    pub(super) is_open: bool,
    /// Whether SHELL was said.
    pub(super) has_shell: bool,
    /// Whether WORKDIR was said.
    pub(super) has_folder: bool,
}

impl Scope {
    /// Starts with a base image, or with nothing. A search path is there in any case.
    pub(super) fn of_base(is_scratch: bool) -> Self {
        Self {
            variables: [("PATH".to_owned(), "/bin".to_owned())].into(),
            arguments: BTreeSet::new(),
            is_open: !is_scratch,
            has_shell: false,
            has_folder: false,
        }
    }

    /// Takes in what an instruction says.
    pub(super) fn apply(&mut self, instruction: &Instruction, subject: &Subject<'_>) {
        match &instruction.action {
            Action::Arg(arguments) => {
                for argument in arguments {
                    let given = subject.given.arguments.get(&argument.name).cloned();
                    let default = |text: &String| self.expanded(text, subject);
                    let value = given
                        .or_else(|| argument.default.as_ref().map(default))
                        .or_else(|| subject.global.get(&argument.name).cloned());
                    self.arguments.insert(argument.name.clone());
                    if let Some(value) = value {
                        self.set(argument.name.clone(), value);
                    }
                }
            }
            Action::Env(values) => {
                let expanded = |text: &String| self.expanded(text, subject);
                let pairs: Vec<_> =
                    values.iter().map(|value| (expanded(&value.name), expanded(&value.value))).collect();
                pairs.into_iter().for_each(|(name, value)| self.set(name, value));
            }
            Action::Shell(_) => self.has_shell = true,
            Action::Workdir(_) => self.has_folder = true,
            _ => {}
        }
    }

    /// Expands a text; what cannot be is empty: the build fails there, and says why.
    pub(super) fn expanded(&self, text: &str, subject: &Subject<'_>) -> String {
        subject.expander.expand(text, &self.variables).map(|expanded| expanded.text).unwrap_or_default()
    }

    fn set(&mut self, name: String, value: String) {
        self.variables.insert(name, value.chars().take(VALUE_LIMIT).collect());
    }
}
