use super::scope::Scope;
use crate::instruction::{Dockerfile, Instruction, Stage};
use crate::stage::{Given, global};
use crate::syntax::{Keyword, Lines, Statement};
use crate::{Expander, Recipe, Variables};
use std::collections::{BTreeMap, BTreeSet};

/// Most stages whose variables are followed.
const STAGE_LIMIT: usize = 256;

/// What a rule says of a place.
pub(super) type Found = Vec<(Lines, String)>;

/// What the rules look at.
pub(super) struct Subject<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) file: &'a Dockerfile,
    pub(super) expander: Expander,
    pub(super) given: Given,
    /// What FROM can use.
    pub(super) global: Variables,
    /// The names of what FROM can use, with a value or without.
    pub(super) global_names: BTreeSet<&'a str>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(recipe: &'a Recipe, given: &'a Given) -> Self {
        let file = &recipe.file;
        let expander = Expander::new(file.directives.escape);
        // Where a default cannot be expanded, the build fails and says so.
        let global = global(file.global_arguments(), given, &expander).unwrap_or_else(|_| given.automatic.clone());
        let declared = file.global_arguments().iter().map(|argument| argument.name.as_str());
        let global_names = declared.chain(given.automatic.keys().map(String::as_str)).collect();
        Self { recipe, file, expander, given: given.clone(), global, global_names }
    }

    pub(super) fn statements(&self) -> &'a [Statement] {
        &self.file.source.statements
    }

    /// Returns the stages, each with its FROM.
    pub(super) fn stages(&self) -> impl Iterator<Item = (&'a Stage, &'a Statement)> + use<'a> {
        let froms = self.file.source.statements.iter().filter(|statement| statement.keyword == Keyword::From);
        self.file.stages.iter().zip(froms)
    }

    /// Shows each instruction of every stage, with what is known before it.
    pub(super) fn walk(&self, mut visit: impl FnMut(&Scope, &'a Instruction)) {
        let mut named: BTreeMap<String, Scope> = BTreeMap::new();
        for stage in self.file.stages.iter().take(STAGE_LIMIT) {
            let base = self.expander.expand(&stage.base, &self.global).map(|base| base.text).unwrap_or_default();
            let is_context = self.recipe.contexts.contains_key(&base);
            let mut scope = match named.get(&base.to_ascii_lowercase()).filter(|_| !is_context) {
                Some(scope) => scope.clone(),
                None => Scope::of_base(base == "scratch" && !is_context),
            };
            for instruction in &stage.instructions {
                visit(&scope, instruction);
                scope.apply(instruction, self);
            }
            if let Some(name) = &stage.name {
                named.insert(name.clone(), scope);
            }
        }
    }
}
