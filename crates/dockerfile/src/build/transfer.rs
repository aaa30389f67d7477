//! COPY and ADD.

use super::StepError;
use super::builder::Builder;
use super::state::State;
use super::time::settle;
use crate::context::Patterns;
use crate::expand::Quotes;
use crate::files::{Accounts, FileNode, Lies, Node, NodeKind, Tree, names_nobody};
use crate::instruction::{Inline, Source, Transfer};
use crate::stage::Base;
use crate::syntax::{Escape, Lines};
use crate::transfer::{Item, Items, ModeChange, Offer, Placing, TransferError, clean};
use crate::{Expander, Variables};
use consign_oci::layer::Layer;
use std::path::PathBuf;
use std::sync::Arc;

/// Most paths of which it is asked when each last changed.
const PATHS: usize = 100;

/// What files are taken from.
enum From {
    Context(Arc<Tree>),
    /// Another stage, or an image.
    State(Arc<State>),
}

impl Builder<'_> {
    /// Puts files into a stage. Returns whether an earlier build made the same layer.
    pub(super) async fn transfer(
        &self,
        transfer: &Transfer,
        place: usize,
        lines: Lines,
        state: &mut State,
    ) -> Result<bool, StepError> {
        let from = match transfer.from.as_deref().filter(|from| !from.is_empty()) {
            None => From::Context(self.context().await?),
            Some(name) => match self.source(place, name, lines)? {
                Base::Stage(stage) => From::State(self.other(stage).await?),
                Base::Scratch => {
                    From::State(Arc::new(State::scratch(state.platform.clone(), self.request.first_time())))
                }
                Base::Context(name) | Base::Image(name) => From::State(self.image(&name).await?),
            },
        };
        if let From::State(other) = &from {
            state.time = state.time.max(other.time);
        }
        let image = self.below(transfer, state)?;
        let items = self.items(transfer, &from, &image, state)?;
        let layers: &[Layer] = match &from {
            From::Context(_) => &[],
            From::State(other) => &other.layers,
        };
        let made = self.layer(&items, layers, state).await?;
        if let From::State(other) = &from {
            state.dependencies.extend(other.dependencies.iter().cloned());
        }
        state.add_layer(made.layer, Some(made.listing));
        Ok(made.reused)
    }

    /// Returns what is at a path of the context as a layer of its own, and where in it: links on the way are followed.
    pub(crate) async fn context_layer(&self, path: &str) -> Result<(Layer, String), StepError> {
        let tree = self.context().await?;
        let offer = self.context_offer(&tree);
        let mut items = Items::new();
        let path = tree.resolve(&clean(path)?, true)?;
        for item in offer.find(path.as_str())? {
            let mut folder = item.path.parent();
            while let Some(above) = folder.filter(|above| !above.is_root()) {
                items.extend(tree.get(&above).map(|node| (above.clone(), node.clone())));
                folder = above.parent();
            }
            items.extend(tree.get(&item.path).map(|node| (item.path.clone(), node.clone())));
            items.extend(tree.within(&item.path).map(|(path, node)| (path.clone(), node.clone())));
        }
        // No image gets these files, so no commit is to change what they look like.
        settle(&mut items, self.request.first_time());
        let made = self.plain_layer(&items)?;
        Ok((made.layer, format!("/{path}")))
    }

    /// Decides what goes where.
    fn items(&self, transfer: &Transfer, from: &From, image: &Tree, state: &mut State) -> Result<Items, StepError> {
        let variables = state.variables();
        let expander = self.expander();
        let exclude = self.patterns(transfer, state)?;
        let placing = self.placing(transfer, image, &exclude, state)?;
        let (tree, offer);
        match from {
            From::Context(context) => {
                tree = context.clone();
                offer = self.context_offer(&tree);
            }
            From::State(other) => {
                tree = other.tree(self.request.store)?;
                let name = format!("`{}`", transfer.from.as_deref().unwrap_or_default());
                offer = Offer { tree: &tree, name, left_out: Box::new(|_| false) };
            }
        }
        let (mut found, mut inline_count) = (Vec::new(), 0);
        let mut items = Items::new();
        for source in &transfer.sources {
            match source {
                Source::Path(path) => {
                    found.append(&mut named(&offer, &expander.expand(path, &variables)?.text, transfer)?);
                }
                Source::Inline(inline) => {
                    placing.add_file(&inline.name, &self.inline(inline, &variables, state.time)?, &mut items)?;
                    inline_count += 1;
                }
            }
        }
        if found.len() + inline_count > 1 && !placing.takes()? {
            return Err(TransferError::Several { destination: transfer.destination.clone() }.into());
        }
        for item in &found {
            placing.add(item, &tree, &mut items)?;
        }
        match from {
            From::Context(_) => self.settle(&found, &mut items, state),
            From::State(_) => {
                if let Some(epoch) = self.request.epoch {
                    items.values_mut().for_each(|node| node.mtime = node.mtime.min(epoch));
                }
            }
        }
        Ok(items)
    }

    /// Gives what was taken from the context its time, which is the stage's from now on, if it is later.
    pub(super) fn settle(&self, found: &[Item], items: &mut Items, state: &mut State) {
        let folder = self.recipe.context.folder();
        let paths: Vec<PathBuf> = match found {
            [] => return,
            // It is not worth asking for each.
            many if many.len() > PATHS => vec![folder.to_owned()],
            few => few.iter().map(|item| folder.join(item.path.as_str())).collect(),
        };
        state.time = self.request.changed_time(&paths, state.time);
        settle(items, state.time);
    }

    /// Returns what lies where the files go: with `--link` nothing is known of it, so that the same layer goes on top of whatever it is.
    pub(super) fn below(&self, transfer: &Transfer, state: &State) -> Result<Arc<Tree>, StepError> {
        if transfer.link { Ok(Arc::default()) } else { Ok(state.tree(self.request.store)?) }
    }

    /// Offers the files of the context.
    pub(super) fn context_offer<'b>(&'b self, tree: &'b Tree) -> Offer<'b> {
        let context = &self.recipe.context;
        let name = format!("the context `{}`", context.folder().display());
        Offer { tree, name, left_out: Box::new(|path| context.leaves_out(path)) }
    }

    /// Returns what stays out.
    pub(super) fn patterns(&self, transfer: &Transfer, state: &State) -> Result<Patterns, StepError> {
        let (variables, expander) = (state.variables(), self.expander());
        let expand = |text: &String| Ok::<_, StepError>(expander.expand(text, &variables)?.text);
        let patterns = transfer.exclude.iter().map(expand).collect::<Result<Vec<_>, _>>()?;
        let patterns = Patterns::new(patterns.iter().map(String::as_str));
        Ok(patterns.map_err(|error| TransferError::Pattern { pattern: error.to_string() })?)
    }

    /// Decides where files go, and whose they are.
    pub(super) fn placing<'b>(
        &self,
        transfer: &Transfer,
        image: &'b Tree,
        exclude: &'b Patterns,
        state: &State,
    ) -> Result<Placing<'b>, StepError> {
        let (variables, expander) = (state.variables(), self.expander());
        let expand = |text: &str| Ok::<_, StepError>(expander.expand(text, &variables)?.text);
        let owner = match transfer.owner.as_deref().map(expand).transpose()?.filter(|owner| !owner.is_empty()) {
            None => None,
            Some(owner) => {
                let accounts = if transfer.link { Accounts::default() } else { state.accounts(self.request.store)? };
                Some(accounts.find_for_files(&owner).ok_or_else(|| match transfer.link {
                    true if !names_nobody(&owner) => TransferError::LinkOwner { owner: owner.clone() },
                    _ => TransferError::Owner { owner: owner.clone() },
                })?)
            }
        };
        let mode = match transfer.mode.as_deref().map(expand).transpose()?.filter(|mode| !mode.is_empty()) {
            None => None,
            Some(mode) => Some(ModeChange::parse(&mode).ok_or(TransferError::Mode { mode })?),
        };
        Ok(Placing {
            image,
            destination: destination(state, &expand(&transfer.destination)?)?,
            owner,
            mode,
            parents: transfer.parents,
            exclude,
            time: state.time,
            latest: self.request.epoch,
        })
    }

    /// Makes a file of a here-document.
    pub(super) fn inline(&self, inline: &Inline, variables: &Variables, time: u64) -> Result<Node, StepError> {
        // Whatever the file's escape character is (BuildKit, `dispatch`).
        let plain = Expander { quotes: Quotes::Plain, ..Expander::new(Escape::BACKSLASH) };
        let text = match inline.expand {
            true => plain.expand(&inline.text, variables)?.text,
            false => inline.text.clone(),
        };
        let file = FileNode::new(text.len() as u64, Lies::Here(text.into_bytes().into()));
        let kind = NodeKind::File(Arc::new(file));
        Ok(Node { kind, mode: 0o644, ..Node::directory(time) })
    }
}

/// Returns what a source names.
pub(super) fn named(offer: &Offer<'_>, source: &str, transfer: &Transfer) -> Result<Vec<Item>, TransferError> {
    if transfer.parents { offer.find_with_parents(source) } else { offer.find(source) }
}

/// Returns the destination as an absolute path, with a slash at its end where it is to be a folder.
fn destination(state: &State, written: &str) -> Result<String, TransferError> {
    let is_folder = written.is_empty() || written.ends_with('/') || written == "." || written.ends_with("/.");
    Ok(format!("{}{}", clean(&state.absolute(written))?, if is_folder { "/" } else { "" }))
}
