//! What FROM builds on.

use super::subject::{Found, Subject};
use super::suggestion;
use crate::stage::{Given, global};
use consign_image::ImageReference;
use std::collections::BTreeSet;

pub(super) fn undefined(subject: &Subject<'_>) -> Found {
    let mut found = Found::new();
    for (stage, _) in subject.stages() {
        let texts = [Some(&stage.base), stage.platform.as_ref()];
        let expanded =
            texts.into_iter().flatten().filter_map(|text| subject.expander.expand(text, &subject.global).ok());
        let unset: BTreeSet<String> = expanded.flat_map(|expanded| expanded.unset).collect();
        for name in unset.iter().filter(|name| !subject.global_names.contains(name.as_str())) {
            let similar = suggestion::of(name, subject.global_names.iter().copied());
            let similar = similar.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
            found.push((stage.lines, format!("no ARG before the first FROM declares `{name}`{similar}")));
        }
    }
    found
}

pub(super) fn invalid_default(subject: &Subject<'_>) -> Found {
    let given = Given { arguments: Default::default(), automatic: subject.given.automatic.clone() };
    let Ok(defaults) = global(subject.file.global_arguments(), &given, &subject.expander) else { return Found::new() };
    let mut found = Found::new();
    for (stage, _) in subject.stages().filter(|(stage, _)| stage.base.contains('$')) {
        // Where it cannot be expanded, the build fails and says so.
        let Ok(base) = subject.expander.expand(&stage.base, &defaults) else { continue };
        let is_stage = subject.file.stage(&base.text).is_some() || subject.recipe.contexts.contains_key(&base.text);
        if base.text.is_empty() || !is_stage && base.text.parse::<ImageReference>().is_err() {
            let what =
                if base.text.is_empty() { "nothing".to_owned() } else { format!("`{}`, which is no image", base.text) };
            let message = format!("without build arguments, `{}` is {what}: give its ARG a default", stage.base);
            found.push((stage.lines, message));
        }
    }
    found
}
