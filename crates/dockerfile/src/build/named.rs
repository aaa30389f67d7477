//! Contexts that have names of their own.

use super::StepError;
use super::builder::Builder;
use super::remote_files::{file_of, git_address};
use super::state::State;
use crate::context::{Context, Patterns};
use crate::files::Tree;
use crate::transfer::{Items, Placing, archive};
use consign_oci::Platform;
use consign_oci::layer::EntryPath;
use consign_receipt::predicate::ResourceDescriptor;
use std::fs;

/// A context with a name of its own (`--build-context`).
#[derive(Clone, Debug)]
pub enum NamedContext {
    /// A folder.
    Folder(Context),
    /// An image.
    Image(String),
    /// A git repository, as [`consign_fetch::GitAddress`] reads it.
    Repository(String),
    /// A file on the web, whose contents are meant if it is an archive.
    Web(String),
}

impl NamedContext {
    /// Reads an address of a git repository or on the web; `None` if it is neither.
    pub fn remote(written: &str) -> Result<Option<Self>, StepError> {
        if git_address(written)?.is_some() {
            return Ok(Some(Self::Repository(written.to_owned())));
        }
        let is_web = written.starts_with("http://") || written.starts_with("https://");
        Ok(is_web.then(|| Self::Web(written.to_owned())))
    }
}

impl Builder<'_> {
    /// Returns a folder as the only layer of an image.
    pub(super) fn folder(&self, context: &Context, platform: &Platform) -> Result<State, StepError> {
        let time = self.request.changed_time(&[context.folder().to_owned()], 0);
        self.of_tree(&context.tree(time)?, None, platform, time)
    }

    /// Returns what a git repository has as the only layer of an image.
    pub(super) async fn repository(&self, written: &str, platform: &Platform) -> Result<State, StepError> {
        let time = self.request.first_time();
        let Some(address) = git_address(written)? else { return Ok(State::scratch(platform.clone(), time)) };
        let (tree, input) = self.checkout(&address, time).await?;
        self.of_tree(&tree, Some(input), platform, time)
    }

    /// Returns what is in an archive on the web, or a file there, as the only layer of an image.
    pub(super) async fn web(&self, url: &str, platform: &Platform) -> Result<State, StepError> {
        let time = self.request.first_time();
        let (bytes, input) = self.download(url).await?;
        let scratch = self.request.store.scratch()?;
        let (file, folder) = (scratch.path().join("archive"), scratch.path().join("files"));
        let write = || fs::write(&file, &bytes).and_then(|()| fs::create_dir(&folder));
        write().map_err(|source| StepError::Layer { source })?;
        let (image, exclude) = (Tree::default(), Patterns::default());
        let placing = Placing {
            image: &image,
            destination: "/".to_owned(),
            owner: None,
            mode: None,
            parents: false,
            exclude: &exclude,
            time,
            latest: self.request.epoch,
        };
        let mut items = Items::new();
        if !archive::unpack(&file, &folder, &placing, &mut items)? {
            let (name, node) = file_of(url, &bytes, time);
            if name.is_empty() {
                return Err(StepError::NoName { url: url.to_owned() });
            }
            placing.add_file(&name, &node, &mut items)?;
        }
        self.of_items(&items, Some(input), platform, time)
    }

    fn of_tree(
        &self,
        tree: &Tree,
        input: Option<ResourceDescriptor>,
        platform: &Platform,
        time: u64,
    ) -> Result<State, StepError> {
        let root = EntryPath::default();
        let files = tree.within(&root).filter(|(_, node)| !node.is_special());
        self.of_items(&files.map(|(path, node)| (path.clone(), node.clone())).collect(), input, platform, time)
    }

    fn of_items(
        &self,
        items: &Items,
        input: Option<ResourceDescriptor>,
        platform: &Platform,
        time: u64,
    ) -> Result<State, StepError> {
        let made = self.plain_layer(items)?;
        let mut state = State::scratch(platform.clone(), time);
        state.add_layer(made.layer, Some(made.listing));
        state.dependencies.extend(input);
        Ok(state)
    }
}
