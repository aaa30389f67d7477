use super::builder::Builder;
use super::state::State;
use super::{BuildError, StepError};
use crate::RunError;
use crate::files::{Node, names_nobody};
use crate::instruction::{Action, Argument, Dockerfile, Instruction, Network, Value};
use crate::syntax;
use crate::transfer::{Items, clean};
use consign_image::rfc3339;
use consign_oci::History;

/// Longest part of an instruction in a history, in characters.
const TEXT_LIMIT: usize = 4096;

/// What an instruction left behind.
pub(crate) enum Left {
    /// Settings.
    Settings,
    /// A layer; whether an earlier build made the same.
    Layer { reused: bool },
}

impl Builder<'_> {
    /// Does what an instruction says.
    pub(super) async fn instruction(
        &self,
        instruction: &Instruction,
        place: usize,
        state: &mut State,
    ) -> Result<(), StepError> {
        state.position.number += 1;
        state.position.text.clone_from(&instruction.text);
        let left = self.action(instruction, place, state).await?;
        if let Left::Layer { reused } = left {
            // A command is said before it is run.
            match (reused, &instruction.action) {
                (true, _) => (self.request.output)(&format!("CACHED {}", instruction.text)),
                (false, Action::Run(_)) => {}
                (false, _) => (self.request.output)(&instruction.text),
            }
        }
        if !matches!(instruction.action, Action::Arg(_)) {
            state.history.push(History {
                created: Some(rfc3339(self.request.time())?),
                created_by: Some(instruction.text.chars().take(TEXT_LIMIT).collect()),
                comment: Some("consign".to_owned()),
                empty_layer: matches!(left, Left::Settings),
                ..History::default()
            });
        }
        Ok(())
    }

    /// Does what a base left for whoever builds on it.
    pub(super) async fn trigger(&self, text: &str, place: usize, state: &mut State) -> Result<(), StepError> {
        let shown = || text.chars().take(200).collect();
        let failed = |source: BuildError| StepError::Trigger { text: shown(), source: Box::new(source) };
        let path = || "trigger".into();
        // A statement needs a stage.
        let source = syntax::read(format!("FROM scratch\n{text}\n").as_bytes());
        let source = source.map_err(|source| failed(BuildError::Syntax { path: path(), source }))?;
        let file = Dockerfile::new(source);
        let file = file.map_err(|source| failed(BuildError::Instruction { path: path(), source }))?;
        for mut instruction in file.stages.into_iter().flat_map(|stage| stage.instructions) {
            if let Action::Run(run) = &mut instruction.action
                && run.network == Network::Host
            {
                // The machine's network is for this file's author to give, not for the base's.
                run.network = Network::Default;
            }
            self.instruction(&instruction, place, state).await?;
        }
        Ok(())
    }

    async fn action(&self, instruction: &Instruction, place: usize, state: &mut State) -> Result<Left, StepError> {
        let variables = state.variables();
        let expander = self.expander();
        let expand = |text: &str| Ok::<_, StepError>(expander.expand(text, &variables)?.text);
        match &instruction.action {
            Action::Add(transfer) => return self.add(transfer, state).await,
            Action::Copy(transfer) => {
                let reused = self.transfer(transfer, place, instruction.lines, state).await?;
                return Ok(Left::Layer { reused });
            }
            Action::Run(run) => return self.run(run, instruction, place, state).await,
            Action::Workdir(path) => return self.working_directory(&expand(path)?, state).await,
            Action::Arg(arguments) => self.declare(arguments, state)?,
            Action::Env(values) => {
                let pairs: Vec<(String, String)> = self.pairs(values, state)?;
                pairs.iter().for_each(|(name, value)| state.set_environment(name, value));
                state.check_size()?;
            }
            Action::Label(values) => {
                let pairs = self.pairs(values, state)?;
                state.config.labels.get_or_insert_default().extend(pairs);
                state.check_size()?;
            }
            Action::Expose(ports) => {
                for port in ports {
                    for port in expander.words(port, &variables)? {
                        state.add_ports(&port)?;
                    }
                }
            }
            Action::Volume(paths) => {
                for path in paths {
                    let expanded = expand(path)?;
                    if expanded.is_empty() {
                        return Err(StepError::NoVolume { written: path.clone() });
                    }
                    state.add_volume(expanded);
                }
            }
            Action::Cmd(command) => state.set_command(command),
            Action::Entrypoint(command) => state.set_entrypoint(command),
            Action::Healthcheck(check) => state.set_health_check(check),
            Action::Maintainer(author) => state.author = Some(author.clone()),
            Action::Onbuild(trigger) => state.add_trigger(&trigger.text),
            Action::Shell(words) => state.set_shell(words),
            Action::Stopsignal(signal) => state.set_stop_signal(&expand(signal)?)?,
            Action::User(user) => {
                let user = expand(user)?;
                if names_nobody(&user) {
                    return Err(RunError::User { user }.into());
                }
                state.config.user = user;
            }
        }
        Ok(Left::Settings)
    }

    fn pairs(&self, values: &[Value], state: &State) -> Result<Vec<(String, String)>, StepError> {
        let (variables, expander) = (state.variables(), self.expander());
        let expand = |text: &str| Ok::<_, StepError>(expander.expand(text, &variables)?.text);
        values.iter().map(|value| Ok((expand(&value.name)?, expand(&value.value)?))).collect()
    }

    /// Brings arguments into scope: what is given, else the default, else what stands before the first stage.
    fn declare(&self, arguments: &[Argument], state: &mut State) -> Result<(), StepError> {
        for argument in arguments {
            let given = self.given.arguments.get(&argument.name).cloned();
            let value = match (given, &argument.default) {
                (Some(value), _) => Some(value),
                (None, Some(default)) => Some(self.expander().expand(default, &state.variables())?.text),
                (None, None) => {
                    self.global.get(&argument.name).or_else(|| self.given.automatic.get(&argument.name)).cloned()
                }
            };
            // One that has no value here keeps that of an earlier declaration.
            if let Some(value) = value {
                state.arguments.insert(argument.name.clone(), value);
            }
        }
        state.check_size()
    }

    /// Sets the working directory, and makes it where it is missing: for the user of the image, as Docker does.
    async fn working_directory(&self, path: &str, state: &mut State) -> Result<Left, StepError> {
        let written = clean(&state.absolute(path))?;
        // As it is written: Docker keeps a slash at its end.
        let slash = if path.starts_with('/') && path.len() > 1 && path.ends_with('/') { "/" } else { "" };
        state.config.working_dir = format!("{written}{slash}");
        let tree = state.tree(self.request.store)?;
        let folder = tree.resolve(&written, true)?;
        if tree.is_directory(&folder) {
            return Ok(Left::Settings);
        }
        let accounts = state.accounts(self.request.store)?;
        let (uid, gid) = accounts.find_for_files(&state.config.user).unwrap_or_default();
        let mut items = Items::new();
        let mut missing = Some(folder).filter(|folder| !tree.is_directory(folder));
        while let Some(folder) = missing {
            if tree.get(&folder).is_some() {
                return Err(crate::TransferError::NotDirectory { path: folder.to_string() }.into());
            }
            missing = folder.parent().filter(|above| !tree.is_directory(above));
            let node = Node { uid, gid, ..Node::directory(state.time) };
            items.insert(folder, node);
        }
        let made = self.layer(&items, &[], state).await?;
        state.add_layer(made.layer, Some(made.listing));
        Ok(Left::Layer { reused: made.reused })
    }
}
