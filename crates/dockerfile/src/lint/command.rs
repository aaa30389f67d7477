//! What containers run.

use super::subject::{Found, Subject};
use crate::instruction::{Action, CommandLine};
use std::collections::BTreeMap;

pub(super) fn shell_form(subject: &Subject<'_>) -> Found {
    let mut found = Found::new();
    subject.walk(|scope, instruction| {
        let (name, command) = match &instruction.action {
            Action::Cmd(command) => ("CMD", command),
            Action::Entrypoint(command) => ("ENTRYPOINT", command),
            _ => return,
        };
        // Who names a shell wants one.
        if matches!(command, CommandLine::Shell(_)) && !scope.has_shell {
            let message =
                format!("{name} starts a shell, which keeps signals from the program: write it as a JSON array");
            found.push((instruction.lines, message));
        }
    });
    found
}

pub(super) fn repeated(subject: &Subject<'_>) -> Found {
    let mut found = Found::new();
    for (stage, _) in subject.stages() {
        let mut last = BTreeMap::new();
        for instruction in &stage.instructions {
            let name = match &instruction.action {
                Action::Cmd(_) => "CMD",
                Action::Entrypoint(_) => "ENTRYPOINT",
                Action::Healthcheck(_) => "HEALTHCHECK",
                _ => continue,
            };
            if let Some(lines) = last.insert(name, instruction.lines) {
                found.push((lines, format!("this {name} has no effect: another in the same stage replaces it")));
            }
        }
    }
    found
}
