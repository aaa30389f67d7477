//! ADD: like COPY, but it also takes files from the web, and unpacks archives.

use super::builder::Builder;
use super::evaluate::Left;
use super::state::State;
use super::{StepError, layer};
use crate::RunError;
use crate::files::{FileNode, Lies, Node, NodeKind, Tree};
use crate::instruction::{Source, Transfer};
use crate::transfer::{Items, Placing, TransferError, archive};
use bytes::Bytes;
use consign_oci::Digest;
use consign_oci::layer::EntryPath;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// Largest file that is taken from the web, in bytes.
const LIMIT: u64 = 2 << 30;

/// How a source of ADD is meant.
enum Kind {
    /// A file of the context, which is unpacked if it is an archive.
    Local,
    Web,
    Repository,
}

impl Kind {
    /// Tells by the form (Dockerfile reference, "ADD").
    fn of(path: &str) -> Self {
        let (address, _) = path.split_once('#').unwrap_or((path, ""));
        let is_web = path.starts_with("http://") || path.starts_with("https://");
        let is_git = path.starts_with("git://") || path.starts_with("ssh://") || path.starts_with("git@");
        match (is_web, is_git) {
            (_, true) => Self::Repository,
            (true, _) if address.ends_with(".git") => Self::Repository,
            (true, _) => Self::Web,
            _ => Self::Local,
        }
    }
}

/// A source of ADD whose bytes can be had.
enum Found {
    /// A path in the context, which is unpacked if it is an archive.
    Local(String),
    /// A file from the web.
    Web { url: String, bytes: Bytes },
    /// A here-document.
    Inline { name: String, node: Node },
}

impl Builder<'_> {
    pub(super) async fn add(&self, transfer: &Transfer, state: &mut State) -> Result<Left, StepError> {
        let checksum = self.checksum(transfer, state)?;
        let mut found = Vec::new();
        for source in &transfer.sources {
            found.push(match source {
                Source::Path(path) => {
                    let path = self.expander().expand(path, &state.variables())?.text;
                    self.find(path, checksum.as_ref()).await?
                }
                Source::Inline(inline) => Found::Inline {
                    name: inline.name.clone(),
                    node: self.inline(inline, &state.variables(), state.time)?,
                },
            });
        }
        let context = self.context().await?;
        // Where archives are unpacked until they are in the layer.
        let scratch = self.request.store.scratch()?;
        let items = self.added(transfer, &found, &context, scratch.path(), state)?;
        let made = layer::write(&items, &[], self.request.store, self.request.reuse)?;
        state.add_layer(made.layer, Some(made.listing));
        Ok(Left::Layer { reused: made.reused })
    }

    fn checksum(&self, transfer: &Transfer, state: &State) -> Result<Option<Digest>, StepError> {
        let Some(written) = &transfer.checksum else { return Ok(None) };
        let written = self.expander().expand(written, &state.variables())?.text;
        written.parse().map(Some).map_err(|source| StepError::Checksum { written, source })
    }

    async fn find(&self, path: String, checksum: Option<&Digest>) -> Result<Found, StepError> {
        match Kind::of(&path) {
            Kind::Repository => Err(StepError::NotSupported { what: "ADD of a repository" }),
            Kind::Local if checksum.is_some() => Err(StepError::ChecksumOfLocal),
            Kind::Local => Ok(Found::Local(path)),
            Kind::Web => {
                let bytes = self.fetch(path.clone()).await?;
                match checksum.filter(|expected| !expected.matches(&bytes)) {
                    None => Ok(Found::Web { url: path, bytes }),
                    Some(expected) => {
                        let expected = expected.clone();
                        Err(StepError::OtherContents { url: path, expected, found: Digest::of(&bytes) })
                    }
                }
            }
        }
    }

    /// Fetches a file, on a thread of its own: how it is waited for is not for every thread.
    async fn fetch(&self, url: String) -> Result<Bytes, StepError> {
        let (fetcher, runtime) = (self.request.fetcher.clone(), Handle::current());
        let work = move || runtime.block_on(fetcher.current(&url, LIMIT));
        let fetched = spawn_blocking(work).await.map_err(|source| RunError::Worker { source })?;
        Ok(fetched.map_err(Box::new)?)
    }

    /// Decides what goes where.
    fn added(
        &self,
        transfer: &Transfer,
        found: &[Found],
        context: &Tree,
        scratch: &Path,
        state: &mut State,
    ) -> Result<Items, StepError> {
        let image = state.tree(self.request.store)?;
        let exclude = self.patterns(transfer, state)?;
        let placing = self.placing(transfer, &image, &exclude, state)?;
        let offer = self.context_offer(context);
        let (mut items, mut local, mut count) = (Items::new(), Vec::new(), 0);
        for source in found {
            count += 1;
            match source {
                Found::Local(path) => {
                    let mut named = offer.find(path, transfer.parents)?;
                    count += named.len().saturating_sub(1);
                    local.append(&mut named);
                }
                Found::Web { url, bytes } => {
                    let folder = scratch.join(format!("web-{count}"));
                    web(url, bytes, transfer.unpack == Some(true), &placing, &folder, state.time, &mut items)?;
                }
                Found::Inline { name, node } => placing.add_file(name, node, &mut items)?,
            }
        }
        if count > 1 && !placing.takes()? {
            return Err(TransferError::Several { destination: transfer.destination.clone() }.into());
        }
        for (number, item) in local.iter().enumerate() {
            let folder = scratch.join(format!("local-{number}"));
            let unpacks = transfer.unpack != Some(false);
            if !unpacks || !unpack(context, &item.path, &placing, &folder, &mut items)? {
                placing.add(item, context, &mut items)?;
            }
        }
        self.settle(&local, &mut items, state);
        Ok(items)
    }
}

/// Adds what is in a file of the context, if it is an archive.
fn unpack(
    context: &Tree,
    path: &EntryPath,
    placing: &Placing<'_>,
    folder: &Path,
    items: &mut Items,
) -> Result<bool, StepError> {
    let Some(NodeKind::File(file)) = context.get(path).map(|node| &node.kind) else { return Ok(false) };
    let Lies::OnDisk(on_disk) = &file.lies else { return Ok(false) };
    fs::create_dir(folder).map_err(|source| StepError::Layer { source })?;
    Ok(archive::unpack(on_disk, folder, placing, items)?)
}

/// Adds a file from the web: of mode 0600, and the name that its address ends with.
fn web(
    url: &str,
    bytes: &Bytes,
    unpacks: bool,
    placing: &Placing<'_>,
    folder: &Path,
    time: u64,
    items: &mut Items,
) -> Result<(), StepError> {
    if unpacks {
        let file = folder.join("archive");
        let write = || fs::create_dir(folder).and_then(|()| fs::write(&file, bytes));
        write().map_err(|source| StepError::Layer { source })?;
        if archive::unpack(&file, folder, placing, items)? {
            return Ok(());
        }
    }
    let address = url.split(['?', '#']).next().unwrap_or_default();
    let path = address.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
    let name = path.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    if name.is_empty() && placing.takes()? {
        return Err(StepError::NoName { url: url.to_owned() });
    }
    let file = FileNode { size: bytes.len() as u64, lies: Lies::Here(bytes.clone()), text: None };
    let node = Node { kind: NodeKind::File(Arc::new(file)), mode: 0o600, ..Node::directory(time) };
    Ok(placing.add_file(name, &node, items)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_by_their_form() {
        let word = |path: &str| match Kind::of(path) {
            Kind::Local => "local",
            Kind::Web => "web",
            Kind::Repository => "repository",
        };
        for (path, expected) in [
            ("a.tar", "local"),
            ("http.txt", "local"),
            ("https://example.org/a.tar", "web"),
            ("https://example.org/a.git#v1:sub", "repository"),
            ("git@example.org:a.git", "repository"),
            ("https://example.org/a#b.git", "web"),
        ] {
            assert_eq!(word(path), expected, "{path}");
        }
    }
}
