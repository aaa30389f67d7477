//! Files that come from elsewhere: of git repositories, and from the web.

use super::StepError;
use super::builder::Builder;
use crate::RunError;
use crate::files::{FileNode, Lies, Node, NodeKind, Tree};
use crate::transfer::TransferError;
use bytes::Bytes;
use consign_fetch::{Checkout, Content, GitAccess, GitAddress, GitError, GitLogin, without_secrets};
use consign_oci::Digest;
use consign_oci::layer::EntryPath;
use consign_receipt::predicate::ResourceDescriptor;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// Largest file that is taken from the web, in bytes.
const LIMIT: u64 = 2 << 30;
/// The agent that repositories are reached with.
const AGENT: &str = "default";
/// How names begin that a layer takes for the removal of what lies below (image-spec, layer.md, "Whiteouts").
const WHITEOUT: &str = ".wh.";

/// Reads the address of a git repository; `None` if it is something else.
pub(super) fn git_address(written: &str) -> Result<Option<GitAddress>, StepError> {
    GitAddress::parse(written).map_err(|source| address_error(written, source))
}

pub(super) fn address_error(written: &str, source: consign_fetch::GitAddressError) -> StepError {
    StepError::Git(Box::new(GitError::Address { written: without_secrets(written), source }))
}

impl Builder<'_> {
    /// Fetches what a git repository has. Everything belongs to root, and is of this build's time.
    pub(super) async fn checkout(
        &self,
        address: &GitAddress,
        time: u64,
    ) -> Result<(Tree, ResourceDescriptor), StepError> {
        let scratch = self.request.store.scratch()?;
        let access = GitAccess {
            environment: self.recipe.git_environment.clone(),
            agent: self.recipe.agents.get(AGENT).cloned(),
            login: self.git_login(address),
            scratch: scratch.path().to_owned(),
        };
        let checkout = self.request.fetcher.checkout(address, &access).await.map_err(Box::new)?;
        let descriptor = ResourceDescriptor {
            name: None,
            uri: Some(address.locator()),
            digest: BTreeMap::from([("gitCommit".to_owned(), checkout.commit.clone())]),
        };
        Ok((tree(checkout, time)?, descriptor))
    }

    /// Returns the secret that has the name by which BuildKit looks for it, too, first for the host alone.
    fn git_login(&self, address: &GitAddress) -> Option<GitLogin> {
        let host = address.https_host()?;
        let secret = |name: String| Some(String::from_utf8_lossy(self.recipe.secrets.get(&name)?).into_owned());
        [format!(".{host}"), String::new()].iter().find_map(|suffix| {
            let header = secret(format!("GIT_AUTH_HEADER{suffix}")).map(GitLogin::Header);
            header.or_else(|| secret(format!("GIT_AUTH_TOKEN{suffix}")).map(GitLogin::Token))
        })
    }

    /// Fetches a file, on a thread of its own: how it is waited for is not for every thread.
    pub(super) async fn download(&self, url: &str) -> Result<(Bytes, ResourceDescriptor), StepError> {
        let (fetcher, runtime, address) = (self.request.fetcher.clone(), Handle::current(), url.to_owned());
        let work = move || runtime.block_on(fetcher.current(&address, LIMIT));
        let fetched = spawn_blocking(work).await.map_err(|source| RunError::Worker { source })?;
        let bytes = fetched.map_err(Box::new)?;
        let descriptor = ResourceDescriptor::new(without_secrets(url), &Digest::of(&bytes));
        Ok((bytes, descriptor))
    }
}

/// Returns a file from the web, of mode 0600, and the name that its address ends with.
pub(super) fn file_of(url: &str, bytes: &Bytes, time: u64) -> (String, Node) {
    let address = url.split(['?', '#']).next().unwrap_or_default();
    let path = address.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
    let name = path.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let file = FileNode::new(bytes.len() as u64, Lies::Here(bytes.clone()));
    (name.to_owned(), Node { kind: NodeKind::File(Arc::new(file)), mode: 0o600, ..Node::directory(time) })
}

fn tree(checkout: Checkout, time: u64) -> Result<Tree, StepError> {
    let mut tree = Tree::default();
    for (path, content) in checkout.files {
        let path: EntryPath = path.parse()?;
        if path.as_str().split('/').any(|part| part.starts_with(WHITEOUT)) {
            return Err(TransferError::Whiteout { path: path.to_string() }.into());
        }
        let (kind, mode) = match content {
            Content::Folder => (NodeKind::Directory, 0o755),
            Content::Link(target) => (NodeKind::Symlink(target), 0o777),
            Content::File(bytes, is_program) => {
                let file = FileNode::new(bytes.len() as u64, Lies::Here(bytes));
                (NodeKind::File(Arc::new(file)), if is_program { 0o755 } else { 0o644 })
            }
        };
        tree.put(path, Node { kind, mode, ..Node::directory(time) });
    }
    Ok(tree)
}
