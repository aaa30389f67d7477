//! What maintainer scripts would have done: in the order of this file, each step where its package is there.

use super::base_accounts::{self, AccountError};
use super::maker::Maker;
use super::package::Package;
use super::unpack::{UnpackError, unpack};
use super::{base_files, certificates, database, ld_cache};
use crate::accounts::Accounts;
use crate::file_error::FileError;
use crate::local_files::{self, LocalFile};
use crate::specification::{PackagesSpecification, UserSpecification};
use crate::tree::{Tree, TreeError};
use consign_oci::Platform;

/// Packages and files that do not make an image.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The packages do not fit together.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    /// An account cannot be added.
    #[error("cannot add the accounts of the image file")]
    Account(#[from] AccountError),
    /// A file of the user's cannot be added.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file that the packages' scripts would have made cannot be made.
    #[error("cannot make what the packages' scripts would have made")]
    Tree(#[from] TreeError),
    /// The user that the image is to run as is no account.
    #[error("`user`: `{user}` is not among the image's users and groups; add it to `users`, or use a number")]
    User {
        /// The user, as written.
        user: String,
    },
}

/// What goes into an image.
pub(crate) struct Parts<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) specification: &'a PackagesSpecification,
    /// Sorted by name.
    pub(crate) packages: &'a [Package],
    pub(crate) files: &'a [LocalFile],
    /// The user that the image runs as.
    pub(crate) user: Option<&'a str>,
    /// Latest time of anything in the image, in seconds since 1970, when one is set.
    pub(crate) latest: Option<u64>,
    /// Time of the user's files.
    pub(crate) files_time: u64,
    /// Time of what is made.
    pub(crate) created: u64,
}

/// Makes the image's file system.
pub(crate) fn assemble(parts: &Parts<'_>) -> Result<Tree, AssembleError> {
    let mut tree = unpack(parts.packages, &parts.specification.exclude, parts.latest)?;
    for package in parts.packages {
        let newest = package.newest();
        database::write_info(&mut tree, package, parts.latest.map_or(newest, |latest| newest.min(latest)))?;
    }
    let package = |name: &str| parts.packages.iter().find(|package| package.name == name);
    let script = |name: &str| package(name).and_then(|package| package.scripts.get("postinst")).map(String::as_str);

    // The user's own lists of accounts decide before anything asks for an account.
    let is_list = |file: &&LocalFile| ["etc/passwd", "etc/group"].contains(&file.path().as_str());
    local_files::put(&mut tree, parts.files.iter().filter(is_list), parts.files_time)?;
    let mut maker = Maker { tree: &mut tree, mtime: parts.created };
    accounts(&mut maker, &parts.specification.users, script("base-passwd"))?;
    if let Some(script) = script("base-files") {
        base_files::apply(&mut maker, script)?;
    }
    local_files::put(maker.tree, parts.files.iter().filter(|file| !is_list(file)), parts.files_time)?;
    if package("ca-certificates").is_some() {
        certificates::apply(&mut maker)?;
    }
    if package("openssl").is_some() {
        maker.link("usr/lib/ssl", "/etc/ssl")?;
    }
    if package("libc-bin").is_some() {
        maker.copy("usr/share/libc-bin/nsswitch.conf", "etc/nsswitch.conf")?;
    }
    if let Some(script) = script("tzdata") {
        time_zone(&mut maker, script)?;
    }
    ld_cache::write(maker.tree, parts.platform, parts.created)?;
    database::write(&mut maker, parts.packages)?;
    // Where the search for library folders ended early, it said so to nobody.
    tree.charge(0)?;
    check_user(&tree, parts.user)?;
    Ok(tree)
}

fn accounts(maker: &mut Maker<'_>, users: &[UserSpecification], script: Option<&str>) -> Result<(), AssembleError> {
    Ok(base_accounts::apply(maker, users, script)?)
}

/// Makes the default that tzdata's script chooses when nobody is asked.
fn time_zone(maker: &mut Maker<'_>, script: &str) -> Result<(), TreeError> {
    maker.link("etc/localtime", "/usr/share/zoneinfo/Etc/UTC")?;
    // Later versions only keep a file that is there already.
    let writes = script.contains("> \"$DPKG_ROOT/etc/timezone\"");
    if writes && !script.contains("test -f \"$DPKG_ROOT/etc/timezone\"") {
        maker.file("etc/timezone", "Etc/UTC\n", 0o644)?;
    }
    Ok(())
}

fn check_user(tree: &Tree, user: Option<&str>) -> Result<(), AssembleError> {
    let Some(text) = user else { return Ok(()) };
    let accounts = Accounts::of(tree)?;
    let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    if accounts.user(user).is_none() || group.is_some_and(|group| accounts.group(group).is_none()) {
        return Err(AssembleError::User { user: text.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_zone_is_what_the_script_chooses() {
        let writes = "echo \"$TIMEZONE\" > \"$DPKG_ROOT/etc/timezone\"\n";
        let keeps = format!("if test -f \"$DPKG_ROOT/etc/timezone\"; then\n{writes}fi\n");
        for (script, expected) in [(writes, true), (&keeps, false), ("", false)] {
            let mut tree = Tree::default();
            time_zone(&mut Maker { tree: &mut tree, mtime: 1 }, script).unwrap();
            assert!(tree.contains("etc/localtime"));
            assert_eq!(tree.contains("etc/timezone"), expected, "{script}");
        }
    }

    #[test]
    fn the_user_of_an_image_has_an_account() {
        let tree = Tree::default();
        for (user, expected) in [("root", true), ("65532:65532", true), ("root:wheel", false), ("www-data", false)] {
            assert_eq!(check_user(&tree, Some(user)).is_ok(), expected, "{user}");
        }
    }
}
