use super::{Rule, suggestion};
use crate::syntax::Directives;
use std::collections::BTreeSet;

/// What `# check=` says: `skip=A,B;experimental=C;error=true`, with `all` in place of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    skip: Chosen,
    experimental: Chosen,
    /// Whether findings are errors.
    pub(super) error: bool,
    /// What is wrong with the directive.
    pub(super) problems: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Chosen {
    all: bool,
    rules: BTreeSet<Rule>,
}

impl Options {
    pub(super) fn of(directives: &Directives) -> Self {
        let mut options = Self::default();
        for option in directives.check.iter().flat_map(|text| text.split(';')).map(str::trim) {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            match (key.trim(), value.trim()) {
                ("", "") => {}
                ("skip", names) => options.skip = options.chosen(names),
                ("experimental", names) => options.experimental = options.chosen(names),
                ("error", value) => match switch(value) {
                    Some(error) => options.error = error,
                    None => options.problems.push(format!("`{}` is neither true nor false", shown(value))),
                },
                (key, _) => options.problems.push(format!(
                    "`{}` is no option of `# check=`: there are skip, experimental and error",
                    shown(key)
                )),
            }
        }
        options
    }

    fn chosen(&mut self, names: &str) -> Chosen {
        if names == "all" {
            return Chosen { all: true, rules: BTreeSet::new() };
        }
        let mut rules = BTreeSet::new();
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match Rule::named(name) {
                Some(rule) => drop(rules.insert(rule)),
                None => {
                    let similar = suggestion::within(name, Rule::ALL.iter().map(|rule| rule.name()), 3);
                    let similar = similar.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
                    self.problems.push(format!("there is no rule `{}`{similar}", shown(name)));
                }
            }
        }
        Chosen { all: false, rules }
    }

    /// Returns whether a rule is checked.
    pub(super) fn wants(&self, rule: Rule) -> bool {
        let asked = !rule.is_experimental() || self.experimental.has(rule);
        asked && !self.skip.has(rule)
    }
}

impl Chosen {
    fn has(&self, rule: Rule) -> bool {
        self.all || self.rules.contains(&rule)
    }
}

/// Reads a truth as BuildKit does.
fn switch(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}
