use super::images::fetch;
use super::state::State;
use super::time::OF_CONTEXT;
use super::{BuildError, NamedContext, Recipe, Request, StepError};
use crate::cache::{Journal, Position};
use crate::files::Tree;
use crate::stage::{Base, EPOCH, Given, Graph, needed, source};
use crate::syntax::Lines;
use crate::{Expander, Variables};
use consign_oci::Platform;
use consign_oci::layer::WatchedLayer;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{Mutex, OnceCell};

/// Builds the stages of a Dockerfile for one platform, each once.
pub(crate) struct Builder<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) request: &'a Request<'a>,
    /// What is given from outside.
    pub(crate) given: Given,
    /// Arguments before the first stage.
    pub(super) global: Variables,
    graph: Graph,
    /// By place in the file.
    stages: Vec<OnceCell<Arc<State>>>,
    images: Mutex<BTreeMap<(String, Platform), Arc<State>>>,
    context: OnceCell<Arc<Tree>>,
    /// The places of stages whose steps are done in any case.
    pub(crate) anew: BTreeSet<usize>,
    /// The places of stages whose layers are in the image.
    pub(crate) image_stages: BTreeSet<usize>,
    /// What the user should know.
    pub(crate) warnings: std::sync::Mutex<BTreeSet<String>>,
    /// What the last build did, and what this one does.
    pub(crate) journal: Journal,
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl<'a> Builder<'a> {
    pub(super) fn new(recipe: &'a Recipe, request: &'a Request<'a>) -> Result<Self, BuildError> {
        let (graph, global) = recipe.graph(request.platform, request.host)?;
        let mut given = recipe.given(request.platform, request.host);
        given.automatic.extend(request.epoch.map(|epoch| (EPOCH.to_owned(), epoch.to_string())));
        let file = fs::canonicalize(&recipe.path).unwrap_or_else(|_| recipe.path.clone());
        let subject = format!("{} {} {}", request.name, file.display(), request.platform);
        Ok(Self {
            recipe,
            request,
            given,
            global,
            warnings: std::sync::Mutex::default(),
            anew: recipe.places_anew()?,
            image_stages: graph.chain(),
            journal: Journal::open(&subject, request.store)?,
            graph,
            stages: recipe.file.stages.iter().map(|_| OnceCell::new()).collect(),
            images: Mutex::default(),
            context: OnceCell::new(),
        })
    }

    /// Builds the stage that was asked for, and those that it needs.
    pub(super) async fn build(&self) -> Result<Arc<State>, BuildError> {
        // What one stage waits for, such as a command, is time for another.
        let stages = self.graph.stages.iter().map(|stage| self.built(stage.place));
        futures::future::try_join_all(stages).await?;
        self.built(self.graph.target).await
    }

    /// Starts to watch a layer of a stage, if it gets into the image.
    pub(crate) fn watched(&self, state: &State) -> Option<Box<dyn WatchedLayer>> {
        self.image_stages.contains(&state.position.place).then(|| self.request.watcher.begin())
    }

    /// Returns a stage for a later one.
    pub(crate) async fn other(&self, place: usize) -> Result<Arc<State>, StepError> {
        Ok(self.built(place).await.map_err(Box::new)?)
    }

    fn built(&self, place: usize) -> Boxed<'_, Result<Arc<State>, BuildError>> {
        Box::pin(async move { self.stages[place].get_or_try_init(|| self.start(place)).await.cloned() })
    }

    fn start(&self, place: usize) -> Boxed<'_, Result<Arc<State>, BuildError>> {
        Box::pin(async move { self.stage(place).await.map(Arc::new) })
    }

    async fn stage(&self, place: usize) -> Result<State, BuildError> {
        let stage = &self.recipe.file.stages[place];
        let failed = |error| self.recipe.failed_stage(place, error);
        let needed = needed(&self.recipe.file, place, &self.global, &self.recipe.context_names());
        let needed = needed.map_err(|error| failed(error.into()))?;
        let platform = self.recipe.stage_platform(needed.platform.as_deref(), self.request.platform, place)?;
        let mut state = match &needed.base {
            Base::Scratch => State::scratch(platform, self.request.first_time()),
            Base::Stage(other) => self.other(*other).await.map_err(failed)?.continued(),
            Base::Image(name) | Base::Context(name) => {
                self.image_for(name, &platform).await.map_err(failed)?.continued()
            }
        };
        let name = || stage.name.clone().unwrap_or_else(|| place.to_string());
        state.position = Position { place, stage: name(), base: stage.base.clone(), ..Position::default() };
        for trigger in state.take_triggers() {
            self.trigger(&trigger, place, &mut state).await.map_err(failed)?;
        }
        for instruction in &stage.instructions {
            let done = self.instruction(instruction, place, &mut state).await;
            done.map_err(|error| self.recipe.failed_instruction(instruction, error))?;
        }
        Ok(state)
    }

    /// Returns an image that the Dockerfile names, for the platform that is built for.
    pub(crate) async fn image(&self, name: &str) -> Result<Arc<State>, StepError> {
        self.image_for(name, self.request.platform).await
    }

    /// Returns what a name stands for that is no stage's: a context that was given the name, or an image.
    async fn image_for(&self, name: &str, platform: &Platform) -> Result<Arc<State>, StepError> {
        let reference = match self.recipe.contexts.get(name) {
            Some(NamedContext::Image(reference)) => reference,
            _ => name,
        };
        let mut images = self.images.lock().await;
        let key = (name.to_owned(), platform.clone());
        if let Some(known) = images.get(&key) {
            return Ok(known.clone());
        }
        let state = match self.recipe.contexts.get(name) {
            Some(NamedContext::Folder(context)) => self.folder(context, platform)?,
            Some(NamedContext::Repository(written)) => self.repository(written, platform).await?,
            Some(NamedContext::Web(url)) => self.web(url, platform).await?,
            Some(NamedContext::Image(_)) | None => {
                let base = fetch(reference, platform, self.request).await?;
                let time = self.request.base_time(&base);
                State::of_image(base, time)
            }
        };
        let state = Arc::new(state);
        images.insert(key, state.clone());
        Ok(state)
    }

    /// Finds what `--from` names.
    pub(crate) fn source(&self, place: usize, name: &str, lines: Lines) -> Result<Base, StepError> {
        Ok(source(&self.recipe.file, &self.recipe.context_names(), place, name, lines)?)
    }

    /// Lists the context, once.
    pub(super) async fn context(&self) -> Result<Arc<Tree>, StepError> {
        let list = || async { Ok::<_, StepError>(Arc::new(self.recipe.context.tree(OF_CONTEXT)?)) };
        self.context.get_or_try_init(list).await.cloned()
    }

    pub(crate) fn expander(&self) -> Expander {
        Expander::new(self.recipe.file.directives.escape)
    }
}
