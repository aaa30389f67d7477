//! What becomes different by `trust init` and `trust update`.

use crate::arguments::Output;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::kept_trust;
use crate::outlet;
use crate::session::Session;
use crate::trust_entry::{COLUMNS, TrustEntry, without};
use consign_keyless::{Repository, Services, TrustMaterial, UpdateError, UpdateProblem};
use consign_report::{printable, table};
use consign_trust::TrustedRoot;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The names of the two files.
pub(crate) const TRUSTED_ROOT: &str = "trusted_root.json";
pub(crate) const SIGNING_CONFIG: &str = "signing_config.json";

/// Asks a repository, and lets count what it says. Until all of that has been understood, nothing is changed.
pub(crate) async fn update(
    repository: &Repository,
    folder: Option<&Path>,
    session: &Session,
) -> Result<(), CommandError> {
    let now = Timestamp::now();
    let before = counting(session, now);
    let (updated, material) = kept_trust::ask(repository, session, now).await?;
    let after = entries(&TrustedRoot::read(&material.trusted_root)?, material.signing_config.as_deref(), now);
    if let Some(bytes) = &material.signing_config
        && let Err(error) = Services::read(bytes, now)
    {
        session.printer.note(&format!("note: nothing can be signed with the services that it names: {error}"));
    }
    let files = match folder {
        Some(folder) => write(folder, Some(material.trusted_root.as_slice()), material.signing_config.as_deref())?,
        None => Vec::new(),
    };
    let path = kept_trust::keep(session, &updated)?;
    let before = before.unwrap_or_default();
    let change = Change {
        path,
        files,
        mirror: updated.mirror(),
        added: without(&after, &before),
        removed: without(&before, &after),
        material,
    };
    change.tell(session)
}

/// Writes the two files into a folder.
pub(crate) fn write(
    folder: &Path,
    trusted_root: Option<&[u8]>,
    signing_config: Option<&[u8]>,
) -> Result<Vec<PathBuf>, CommandError> {
    fs::create_dir_all(folder).map_err(|error| {
        let message = format!("cannot make {}", folder.display());
        CommandError::new(ExitCode::Failed, message).cause(error)
    })?;
    let files = [(TRUSTED_ROOT, trusted_root), (SIGNING_CONFIG, signing_config)];
    let files = files.into_iter().filter_map(|(name, bytes)| Some((folder.join(name), bytes?)));
    files
        .map(|(path, bytes)| {
            outlet::write(Some(&path), bytes)?;
            Ok(path)
        })
        .collect()
}

/// Returns all who count, and who are asked.
fn entries(root: &TrustedRoot, signing_config: Option<&[u8]>, now: Timestamp) -> BTreeSet<TrustEntry> {
    let services = signing_config.and_then(|bytes| Services::read(bytes, now).ok());
    let services = services.iter().flat_map(TrustEntry::of_services);
    TrustEntry::of_root(root).into_iter().flatten().chain(services).collect()
}

/// Returns all who counted before; nobody if that cannot be known. What has expired since still shows what is new.
fn counting(session: &Session, now: Timestamp) -> Option<BTreeSet<TrustEntry>> {
    let Some(repository) = kept_trust::read(session).ok()? else {
        let services = Services::public(now).ok()?;
        let root = TrustedRoot::public_good().ok()?;
        let services = TrustEntry::of_services(&services);
        return Some(TrustEntry::of_root(&root).into_iter().flatten().chain(services).collect());
    };
    let material = match repository.material(now) {
        Err(UpdateError::Kept { problem: UpdateProblem::Expired { at, .. }, .. }) => repository.material(at),
        other => other,
    };
    let material = material.ok()?;
    let root = TrustedRoot::read(&material.trusted_root).ok()?;
    Some(entries(&root, material.signing_config.as_deref(), now))
}

struct Change {
    path: PathBuf,
    files: Vec<PathBuf>,
    mirror: String,
    added: Vec<TrustEntry>,
    removed: Vec<TrustEntry>,
    material: TrustMaterial,
}

impl Change {
    fn tell(&self, session: &Session) -> Result<(), CommandError> {
        match session.output {
            Output::Json => session.printer.json(&json!({
                "repository": self.mirror,
                "rootVersion": self.material.root_version,
                "version": self.material.version,
                "expires": self.material.expires.to_string(),
                "kept": self.path,
                "files": self.files,
                "changed": !(self.added.is_empty() && self.removed.is_empty()),
                "added": self.added,
                "removed": self.removed,
            })),
            Output::Table => session.printer.data(&self.text()),
        }
    }

    fn text(&self) -> String {
        let mut lines = vec![
            ("repository", self.mirror.clone()),
            ("root", format!("version {}", self.material.root_version)),
            ("expires", self.material.expires.to_string()),
            ("kept in", self.path.display().to_string()),
        ];
        lines.extend(self.files.iter().map(|path| ("written", path.display().to_string())));
        let mut text: String =
            lines.iter().map(|(name, value)| format!("{name:<10}  {}\n", printable(value))).collect();
        let signed = |sign: &str, entry: &TrustEntry| [vec![sign.to_owned()], entry.row()].concat();
        let rows = self.added.iter().map(|entry| signed("+", entry));
        let rows: Vec<_> = rows.chain(self.removed.iter().map(|entry| signed("-", entry))).collect();
        match rows.is_empty() {
            true => text.push_str("Whom to trust and whom to ask is as it was.\n"),
            false => {
                let columns = [&[""][..], &COLUMNS].concat();
                text.push('\n');
                text.push_str(&table(&columns, &rows));
            }
        }
        text
    }
}
