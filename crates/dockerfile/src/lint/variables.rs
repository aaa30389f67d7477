//! Variables of instructions.

use super::scope::Scope;
use super::subject::{Found, Subject};
use super::suggestion;
use crate::Expander;
use crate::expand::Quotes;
use crate::instruction::{Action, InstructionProblem, Source, Transfer};
use std::collections::BTreeSet;

/// Variables that only BuildKit itself reads.
const FOREIGN: [&str; 2] = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"];

pub(super) fn undefined(subject: &Subject<'_>) -> Found {
    let mut found = Found::new();
    subject.walk(|scope, instruction| {
        let plain = Expander { quotes: Quotes::Plain, ..Expander::new(crate::syntax::Escape::BACKSLASH) };
        let mut unset = BTreeSet::new();
        for text in texts(&instruction.action) {
            let (expander, text) = match &text {
                Text::Words(text) => (&subject.expander, text),
                Text::Inline(text) => (&plain, text),
            };
            unset.extend(expander.expand(text, &scope.variables).map(|expanded| expanded.unset).unwrap_or_default());
        }
        let unset =
            unset.into_iter().filter(|name| !scope.arguments.contains(name) && !FOREIGN.contains(&name.as_str()));
        let said = unset.filter_map(|name| say(&name, scope, subject));
        found.extend(said.map(|message| (instruction.lines, message)));
    });
    found
}

/// Says that a variable is not defined, where that is sure enough. A base image may define any: then only those count that are arguments
/// outside of the stage, or are nearly those of the stage.
fn say(name: &str, scope: &Scope, subject: &Subject<'_>) -> Option<String> {
    if subject.global_names.contains(name) {
        return Some(format!("`${name}` is not defined in this stage: `ARG {name}` brings it in"));
    }
    let known = scope.variables.keys().chain(&scope.arguments).map(String::as_str);
    let similar = match scope.is_open {
        true => Some(suggestion::within(name, known.filter(|known| *known != "PATH"), 1)?),
        false => suggestion::of(name, known),
    };
    let similar = similar.map(|name| format!(" (did you mean `${name}`?)")).unwrap_or_default();
    Some(format!("`${name}` is not defined{similar}"))
}

/// A text in which variables are expanded.
enum Text {
    Words(String),
    /// A here-document.
    Inline(String),
}

fn texts(action: &Action) -> Vec<Text> {
    let words: Vec<&String> = match action {
        Action::Add(transfer) | Action::Copy(transfer) => return of_transfer(transfer),
        Action::Arg(arguments) => arguments.iter().filter_map(|argument| argument.default.as_ref()).collect(),
        Action::Env(values) | Action::Label(values) => {
            values.iter().flat_map(|value| [&value.name, &value.value]).collect()
        }
        Action::Expose(texts) | Action::Volume(texts) => texts.iter().collect(),
        Action::Stopsignal(text) | Action::User(text) | Action::Workdir(text) => vec![text],
        Action::Run(run) => {
            let mut texts = Vec::new();
            for mount in &run.mounts {
                // Whether the values make sense is the build's matter.
                let _ = mount.resolve(|text| {
                    texts.push(Text::Words(text.to_owned()));
                    Ok::<_, InstructionProblem>(text.to_owned())
                });
            }
            return texts;
        }
        Action::Cmd(_)
        | Action::Entrypoint(_)
        | Action::Healthcheck(_)
        | Action::Maintainer(_)
        | Action::Onbuild(_)
        | Action::Shell(_) => Vec::new(),
    };
    words.into_iter().cloned().map(Text::Words).collect()
}

fn of_transfer(transfer: &Transfer) -> Vec<Text> {
    let Transfer { sources, destination, owner, mode, exclude, checksum, .. } = transfer;
    let others = [Some(destination), owner.as_ref(), mode.as_ref(), checksum.as_ref()];
    let others = others.into_iter().flatten().chain(exclude).cloned().map(Text::Words);
    let sources = sources.iter().filter_map(|source| match source {
        Source::Path(path) => Some(Text::Words(path.clone())),
        Source::Inline(inline) => inline.expand.then(|| Text::Inline(inline.text.clone())),
    });
    sources.chain(others).collect()
}
