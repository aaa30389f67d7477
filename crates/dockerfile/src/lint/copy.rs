//! What COPY and ADD take.

use super::subject::{Found, Subject};
use crate::instruction::{Action, Source};
use crate::transfer::clean;

pub(super) fn left_out(subject: &Subject<'_>) -> Found {
    let mut found = Found::new();
    subject.walk(|scope, instruction| {
        let (Action::Copy(transfer) | Action::Add(transfer)) = &instruction.action else { return };
        if transfer.from.is_some() {
            return;
        }
        for source in &transfer.sources {
            let Source::Path(written) = source else { continue };
            let path = scope.expanded(written, subject);
            if path.contains("://") || path.starts_with("git@") {
                continue;
            }
            let Ok(inside) = clean(&path) else { continue };
            if subject.recipe.context.leaves_out_whole(&inside) {
                found.push((
                    instruction.lines,
                    format!("`{written}` is not there: the list of ignored files leaves it out"),
                ));
            }
        }
    });
    found
}
