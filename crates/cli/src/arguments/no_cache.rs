use super::DockerArguments;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use consign_dockerfile::instruction::Dockerfile;
use consign_release::Recipe;
use std::convert::Infallible;
use std::str::FromStr;

/// What is done again although nothing has changed: everything, or some stages of Dockerfiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoCache {
    /// Everything.
    All,
    /// The stages with these names or numbers.
    Stages(Vec<String>),
}

impl FromStr for NoCache {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let stages: Vec<String> = text.split(',').map(str::trim).map(str::to_owned).collect();
        let stages: Vec<String> = stages.into_iter().filter(|stage| !stage.is_empty()).collect();
        Ok(if stages.is_empty() { Self::All } else { Self::Stages(stages) })
    }
}

impl DockerArguments {
    /// Returns whether results of earlier runs are used.
    pub(crate) fn reuses(&self) -> bool {
        self.no_cache != Some(NoCache::All)
    }

    /// Returns the stages of a Dockerfile that are done again.
    pub(crate) fn anew_of(&self, file: &Dockerfile) -> Vec<String> {
        self.anew().iter().filter(|stage| file.place(stage).is_some()).cloned().collect()
    }

    /// Fails where a stage is to be done again that no Dockerfile has.
    pub(crate) fn check_anew<'a>(&self, recipes: impl Iterator<Item = &'a Recipe>) -> Result<(), CommandError> {
        let files = recipes.filter_map(|recipe| match recipe {
            Recipe::Dockerfile(recipe) => Some(&recipe.file),
            Recipe::ImageFile(_) => None,
        });
        let files: Vec<&Dockerfile> = files.collect();
        let Some(unknown) = self.anew().iter().find(|stage| files.iter().all(|file| file.place(stage).is_none()))
        else {
            return Ok(());
        };
        let names = files.iter().flat_map(|file| &file.stages).filter_map(|stage| stage.name.as_deref());
        let names: Vec<&str> = names.collect();
        let error =
            CommandError::new(ExitCode::Usage, format!("`--no-cache={unknown}`: there is no stage `{unknown}`"));
        Err(match &names[..] {
            [] => error.hint("no stage has a name; they are numbered from 0"),
            names => error.hint(format!("there are {}; those without a name are numbered from 0", names.join(", "))),
        })
    }

    fn anew(&self) -> &[String] {
        match &self.no_cache {
            Some(NoCache::Stages(stages)) => stages,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_everything() {
        let stages = |names: &[&str]| NoCache::Stages(names.iter().map(|name| (*name).to_owned()).collect());
        for (text, expected) in
            [("", NoCache::All), (",", NoCache::All), ("a", stages(&["a"])), ("a, 0", stages(&["a", "0"]))]
        {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }
}
