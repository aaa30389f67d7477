//! ADD: like COPY, but it also takes files from the web and of git repositories, and unpacks archives.

use super::StepError;
use super::builder::Builder;
use super::evaluate::Left;
use super::remote_files::{address_error, file_of, git_address};
use super::state::State;
use super::transfer::named;
use crate::files::{Lies, Node, NodeKind, Tree};
use crate::instruction::{Source, Transfer};
use crate::transfer::{Item, Items, Placing, TransferError, archive};
use bytes::Bytes;
use consign_oci::Digest;
use consign_oci::layer::EntryPath;
use std::fs;
use std::path::Path;

/// A source of ADD whose bytes can be had.
enum Found {
    /// A path in the context, which is unpacked if it is an archive.
    Local(String),
    /// A file from the web.
    Web { url: String, bytes: Bytes },
    /// What a git repository has.
    Repository(Tree),
    /// A here-document.
    Inline { name: String, node: Node },
}

impl Builder<'_> {
    pub(super) async fn add(&self, transfer: &Transfer, state: &mut State) -> Result<Left, StepError> {
        let mut found = Vec::new();
        for source in &transfer.sources {
            found.push(match source {
                Source::Path(path) => {
                    let path = self.expander().expand(path, &state.variables())?.text;
                    self.find(path, transfer, state).await?
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
        let made = self.layer(&items, &[], state).await?;
        state.add_layer(made.layer, Some(made.listing));
        Ok(Left::Layer { reused: made.reused })
    }

    async fn find(&self, path: String, transfer: &Transfer, state: &mut State) -> Result<Found, StepError> {
        let checksum = match &transfer.checksum {
            Some(written) => Some(self.expander().expand(written, &state.variables())?.text),
            None => None,
        };
        if let Some(mut address) = git_address(&path)? {
            if let Some(checksum) = &checksum {
                address.require(checksum).map_err(|source| address_error(&path, source))?;
            }
            address.keep_history = address.keep_history.or(Some(transfer.keep_git_directory));
            let (tree, input) = self.checkout(&address, state.time).await?;
            state.dependencies.push(input);
            return Ok(Found::Repository(tree));
        }
        if !path.starts_with("http://") && !path.starts_with("https://") {
            return if checksum.is_some() { Err(StepError::ChecksumOfLocal) } else { Ok(Found::Local(path)) };
        }
        let expected: Option<Digest> = match checksum {
            Some(written) => {
                Some(written.parse().map_err(|source| StepError::Checksum { written: written.clone(), source })?)
            }
            None => None,
        };
        let (bytes, input) = self.download(&path).await?;
        if let Some(expected) = expected.filter(|expected| !expected.matches(&bytes)) {
            return Err(StepError::OtherContents { url: path, expected, found: Digest::of(&bytes) });
        }
        state.dependencies.push(input);
        Ok(Found::Web { url: path, bytes })
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
        let image = self.below(transfer, state)?;
        let exclude = self.patterns(transfer, state)?;
        let placing = self.placing(transfer, &image, &exclude, state)?;
        let offer = self.context_offer(context);
        let (mut items, mut local, mut count) = (Items::new(), Vec::new(), 0);
        for source in found {
            count += 1;
            match source {
                Found::Local(path) => {
                    let mut matched = named(&offer, path, transfer)?;
                    count += matched.len().saturating_sub(1);
                    local.append(&mut matched);
                }
                Found::Web { url, bytes } => {
                    let folder = scratch.join(format!("web-{count}"));
                    web(url, bytes, transfer.unpack == Some(true), &placing, &folder, state.time, &mut items)?;
                }
                Found::Repository(tree) => {
                    let whole = Item { name: String::new(), path: EntryPath::default(), kept_from: None };
                    placing.add(&whole, tree, &mut items)?;
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

/// Adds a file from the web.
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
    let (name, node) = file_of(url, bytes, time);
    if name.is_empty() && placing.takes()? {
        return Err(StepError::NoName { url: url.to_owned() });
    }
    Ok(placing.add_file(&name, &node, items)?)
}
