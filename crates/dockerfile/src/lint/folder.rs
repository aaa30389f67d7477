//! Working directories.

use super::subject::{Found, Subject};
use crate::instruction::Action;

pub(super) fn relative(subject: &Subject<'_>) -> Found {
    let mut found = Found::new();
    subject.walk(|scope, instruction| {
        let Action::Workdir(written) = &instruction.action else { return };
        if !scope.has_folder && !scope.expanded(written, subject).starts_with('/') {
            let message = format!("where `{written}` is depends on the base image: begin with an absolute WORKDIR");
            found.push((instruction.lines, message));
        }
    });
    found
}
