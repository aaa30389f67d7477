use crate::advisories::{database, database_meant, ignored, vex};
use crate::arguments::{DATABASE, Form, ListTarget, Scan, ScanTarget};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::identities::authorities;
use crate::scanner::scanner;
use crate::session::Session;
use consign_plan::configuration::{IgnoreFile, PolicyFile};
use consign_receipt::{
    Acceptance, AdvisoryRules, Candidate, Engine, IgnoredAdvisory, ImageRules, Policy, Severity, Testimony,
};
use consign_release::Scanner;
use consign_scan::Database;
use consign_trust::Authority;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Finds who compares; `None`: the policy that is named asks only about settings and files, and nothing else is asked for. Else what is named on the
/// command line, else `engine`, which a file names. Consign does it with what the policy names, as its lock has it, else the database that lies here.
pub(super) async fn opened(
    arguments: &Scan,
    policy: Option<&PolicyFile>,
    engine: Option<Engine>,
    session: &Session,
) -> Result<Option<Scanner>, CommandError> {
    let has_database = !arguments.databases.is_empty();
    match arguments.engine.or_else(|| engine.filter(|_| !has_database)) {
        Some(engine) => scanner(engine, session).map(Some),
        None if asks_for_facts_alone(arguments, policy, session) => Ok(None),
        None => opened_database(arguments, policy).await.map(|database| Some(Scanner::Database(database))),
    }
}

/// Returns whether nothing that is asked for needs advisories.
fn asks_for_facts_alone(arguments: &Scan, policy: Option<&PolicyFile>, session: &Session) -> bool {
    let is_about_facts = policy.is_some_and(|file| file.policy.image.is_some() && file.policy.advisories.is_none());
    // A policy that nobody names, but a configuration has, is no reason to pass over a database that lies here.
    let is_meant = arguments.policy.is_some() || !Database::is_at(Path::new(DATABASE));
    let is_image = matches!(&arguments.reference, None | Some(ScanTarget::Contents(ListTarget::Image(_))));
    let is_of_facts = matches!(session.global.output, Form::Table | Form::Json | Form::Markdown | Form::Sarif);
    let Scan { databases, ignore_files, vex, since, .. } = arguments;
    let is_all = databases.is_empty() && ignore_files.is_empty() && vex.is_empty() && since.is_none();
    is_about_facts && is_meant && is_image && is_of_facts && is_all
}

async fn opened_database(arguments: &Scan, policy: Option<&PolicyFile>) -> Result<Arc<Database>, CommandError> {
    if !arguments.databases.is_empty() {
        return database(arguments.databases.clone()).await;
    }
    database_meant(policy).await?.ok_or_else(nothing_named)
}

/// Says that advisories are needed, and nobody says which.
pub(super) fn nothing_named() -> CommandError {
    CommandError::new(ExitCode::Usage, "nothing says which advisories to compare with").hint(
        "name a database, or a folder or an archive of advisories with `--db`, or a policy that does with `--policy`; `consign db update` makes a database",
    )
}

/// By what findings are told apart.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) rules: AdvisoryRules,
    /// Whether a policy says so, which an image has to meet. Without one everything passes, and what lists of other tools ignore is told.
    pub(super) judges: bool,
    /// What becomes of what settings, files and licences say; `None`: no policy asks.
    pub(super) image: Option<ImageRules>,
    /// Whose documents of OpenVEX count that are attached to images. Where there is nobody, nobody asks for any.
    pub(super) voices: Vec<Authority>,
}

impl Rules {
    /// Returns whether they are about licences, too, which an SBOM says.
    pub(super) fn wants_sbom(&self) -> bool {
        self.image.is_some()
    }

    /// Returns them for one image, of which documents of OpenVEX may say what is no flaw of it.
    pub(super) fn for_image(self, candidate: &Candidate) -> Self {
        let judged = self.policy().tolerating(self.rules.clone()).for_image(candidate).advisories().cloned();
        Self { rules: judged.unwrap_or(self.rules), ..self }
    }

    /// Returns which attached documents of OpenVEX do not count, and why.
    pub(super) fn unheard(&self, candidate: &Candidate) -> Vec<String> {
        let policy = self.policy();
        let unheard = candidate.platforms.iter().flat_map(|platform| {
            let unheard = policy.unheard_vex(&platform.receipts).into_iter();
            unheard.map(|unheard| format!("{}: {unheard}", platform.platform))
        });
        unheard.collect()
    }

    fn policy(&self) -> Policy {
        let voices = self.voices.iter();
        voices.fold(Policy::default(), |policy, key| policy.naming(&key.identity(), [Testimony::Vex]))
    }
}

/// Returns the rules of the policy, and what lists of other tools ignore beside; `None` where there is neither. `is_compared`: whether advisories are
/// asked at all.
pub(super) fn rules(
    arguments: &Scan,
    policy: Option<PolicyFile>,
    is_compared: bool,
    session: &Session,
) -> Result<Option<Rules>, CommandError> {
    let is_named = arguments.policy.is_some();
    let voices = policy.as_ref().map(|policy| voices(policy, session)).transpose()?.unwrap_or_default();
    let (advisories, image) = policy.map(|policy| (policy.policy.advisories, policy.policy.image)).unwrap_or_default();
    let stated = advisories.map(|settings| settings.rules);
    if stated.is_none() && image.is_none() && is_named {
        let error = CommandError::new(ExitCode::Usage, "the policy says nothing of advisories");
        return Err(error.hint("add `advisories:` to it, with `databases` and `maximum-severity`, or `image:`"));
    }
    let judges = stated.is_some();
    let entries = match arguments.ignore_files.is_empty() && !judges {
        true if !is_compared => Vec::new(),
        true => lying_here(session),
        false => ignored(&arguments.ignore_files, &session.printer)?,
    };
    let documents = vex(&arguments.vex, &session.printer)?;
    if entries.is_empty() && documents.is_empty() && !judges && image.is_none() {
        return Ok(None);
    }
    let mut rules = stated.unwrap_or_else(tolerant);
    rules.ignore.extend(entries);
    rules.vex.extend(documents);
    Ok(Some(Rules { rules, judges, image, voices }))
}

/// Returns those whom the policy names for what is attached to images.
fn voices(policy: &PolicyFile, session: &Session) -> Result<Vec<Authority>, CommandError> {
    let named = policy.policy.identities.iter().filter(|identity| identity.about.contains(&Testimony::Vex));
    authorities(named, |name| policy.file.resolve(name), session)
}

/// Returns rules by which every finding passes.
pub(super) fn tolerant() -> AdvisoryRules {
    AdvisoryRules { unknown_severity: Acceptance::Accept, ..AdvisoryRules::new(Severity::Critical) }
}

/// Reads lists where the tools that they are of would find them. One that cannot be read says nothing, and that is told.
fn lying_here(session: &Session) -> Vec<IgnoredAdvisory> {
    let mut entries = Vec::new();
    for path in IgnoreFile::NAMES.iter().map(PathBuf::from).filter(|path| path.is_file()) {
        let name = path.display().to_string();
        match ignored(std::slice::from_ref(&path), &session.printer) {
            Ok(found) => {
                session.printer.note(&format!("note: {name} says what is ignored"));
                entries.extend(found);
            }
            Err(error) => session.printer.note(&format!("warning: {name} is left out: {}", error.why())),
        }
    }
    entries
}
