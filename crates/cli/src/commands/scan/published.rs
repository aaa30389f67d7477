//! Everything that a configuration publishes: what other people run, as it is out there now.

use super::findings::{NOT_ENOUGH, refused, report};
use super::inputs::{opened, rules};
use super::{compared, failures, has_findings, reasons};
use crate::advisories::policy_file;
use crate::arguments::{Form, ListTarget, Scan, ScanTarget};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::mirrors::names;
use crate::session::Session;
use consign_image::ImageReference;
use consign_oci::{Digest, Reference, Repository, Tag};
use consign_plan::configuration::{Route, SyncSettings, TagRules};
use consign_plan::{Configuration, newest_release};
use consign_registry::Client;
use consign_report::{SarifLog, ScanReport, printable};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Most tags of one repository that are looked at.
const TAG_LIMIT: usize = 500;

/// Which tags of a repository are meant.
enum Tags {
    /// These.
    Named(Vec<Tag>),
    /// That of the newest release.
    Newest,
    /// All that are there.
    All,
}

/// What the configuration publishes, as far as that was found out.
#[derive(Default)]
struct Found {
    /// One name for each image of each repository, with all its tags there.
    images: BTreeMap<(Repository, Digest), Vec<Tag>>,
    /// What is not published yet.
    absent: Vec<String>,
    /// What could not be looked at.
    failed: Vec<(String, CommandError)>,
}

pub(super) async fn run(arguments: &Scan, session: &Session) -> Result<ExitCode, CommandError> {
    let form = session.global.output;
    if arguments.since.is_some() || matches!(form, Form::CyclonedxJson | Form::CosignVuln | Form::Openvex) {
        let message = "`--since`, and `--output cyclonedx-json`, `cosign-vuln` and `openvex`, are of one image";
        return Err(CommandError::new(ExitCode::Usage, message).hint("name it"));
    }
    let configuration = session.configuration()?;
    let path = arguments.policy.as_ref().unwrap_or(&session.global.file);
    let has_policy =
        arguments.policy.is_some() || configuration.policy.advisories.is_some() || configuration.policy.image.is_some();
    let policy = has_policy.then(|| policy_file(path, &session.printer)).transpose()?;
    let engine = policy.as_ref().map_or(configuration.engine, |policy| policy.engine);
    let scanner = opened(arguments, policy.as_ref(), engine, session).await?;
    let (scanner, rules) = (scanner.as_ref(), rules(arguments, policy, scanner.is_some(), session)?);
    let mut found = find(&configuration, session).await?;
    let mut reports: Vec<(ScanReport, Option<CommandError>)> = Vec::new();
    for ((repository, digest), tags) in std::mem::take(&mut found.images) {
        let tag = tags.first().cloned();
        let name = match &tags[..] {
            [] => format!("{repository}@{digest}"),
            tags => format!("{repository}:{}", tags.iter().map(Tag::to_string).collect::<Vec<_>>().join(",")),
        };
        let reference = ImageReference::Registry(Reference { repository, tag, digest: Some(digest) });
        let target = ScanTarget::Contents(ListTarget::Image(reference));
        match compared(&target, arguments, scanner, rules.as_ref(), session).await {
            Ok(compared) => {
                let candidate = compared.candidate(&name);
                let rules = rules.clone().map(|rules| rules.for_image(&candidate));
                let mut report = report(&name, session, scanner, &compared.scanned, None, rules.as_ref())?;
                report.warnings.extend(rules.iter().flat_map(|rules| rules.unheard(&candidate)));
                let refusal = refused(&name, &reasons(form, &candidate, rules, session));
                reports.push((report, refusal));
            }
            Err(error) => found.failed.push((name, error)),
        }
    }
    tell(form, &reports, &found, session)
}

/// Asks the registries what there is.
async fn find(configuration: &Configuration, session: &Session) -> Result<Found, CommandError> {
    let (builds, mirrors) = (&configuration.images, &configuration.mirrors);
    if builds.is_empty() && mirrors.is_empty() {
        let error = CommandError::new(ExitCode::Configuration, "the configuration publishes nothing");
        return Err(error.hint("list images under `build:` or `sync:`, or name one: `consign scan REF`"));
    }
    let mut found = Found::default();
    let mut wanted: Vec<(Repository, Tags)> = Vec::new();
    for image in builds {
        for destination in &image.destinations {
            let tags = match (&destination.tag, &image.tags) {
                (Some(tag), _) => Tags::Named(vec![tag.clone()]),
                (None, TagRules::List(tags)) => Tags::Named(tags.iter().map(|tag| tag.value.clone()).collect()),
                (None, TagRules::Git) => Tags::Newest,
            };
            wanted.push((destination.repository.clone(), tags));
        }
    }
    let sources: BTreeSet<Repository> = mirrors.iter().flat_map(|entry| entry.route.repositories()).collect();
    let client = session.client_of(&sources).await?;
    for entry in mirrors {
        let named = names(&entry.route, &client).await;
        found.failed.extend(named.unlisted.into_iter().map(|unlisted| (unlisted.source, unlisted.error)));
        for (source, destinations) in named.names {
            let tags = |destination: &Reference| tags_of(entry, &source, destination);
            wanted.extend(destinations.iter().map(|to| (to.repository.clone(), tags(to))));
        }
    }
    let repositories = wanted.iter().map(|(repository, _)| repository.clone()).collect();
    let client = session.client_of(&repositories).await?;
    for (repository, tags) in wanted {
        if let Err(error) = look(&client, &repository, tags, &mut found).await {
            found.failed.push((repository.to_string(), error));
        }
    }
    Ok(found)
}

fn tags_of(entry: &SyncSettings, source: &Reference, destination: &Reference) -> Tags {
    match (&destination.tag, &source.tag) {
        (Some(tag), _) | (None, Some(tag)) => Tags::Named(vec![tag.clone()]),
        (None, None) if entry.tags.is_some() || matches!(entry.route, Route::Namespace { .. }) => Tags::All,
        (None, None) => Tags::Named(vec![Tag::latest()]),
    }
}

async fn look(client: &Client, repository: &Repository, tags: Tags, found: &mut Found) -> Result<(), CommandError> {
    let failed = |error: consign_registry::RegistryError| CommandError::from(consign_image::ImageError::from(error));
    let tags = match tags {
        Tags::Named(tags) => tags,
        Tags::Newest | Tags::All => {
            let mut there = client.tags(repository).await.map_err(failed)?;
            there.retain(|tag| !tag.is_about_a_digest());
            if matches!(tags, Tags::All) && there.len() > TAG_LIMIT {
                let message = format!("{repository} has {} tags, and at most {TAG_LIMIT} are looked at", there.len());
                return Err(CommandError::new(ExitCode::Failed, message));
            }
            match matches!(tags, Tags::Newest) {
                true => newest_release(&there).into_iter().cloned().collect(),
                false => there,
            }
        }
    };
    if tags.is_empty() {
        found.absent.push(repository.to_string());
    }
    for tag in tags {
        let target = consign_oci::Target::Tag(tag.clone());
        match client.manifest_descriptor(repository, &target).await.map_err(failed)? {
            Some(root) => {
                let names = found.images.entry((repository.clone(), root.digest)).or_default();
                if !names.contains(&tag) {
                    names.push(tag);
                }
            }
            None => found.absent.push(repository.tagged(tag).to_string()),
        }
    }
    Ok(())
}

fn tell(
    form: Form,
    reports: &[(ScanReport, Option<CommandError>)],
    found: &Found,
    session: &Session,
) -> Result<ExitCode, CommandError> {
    let images = || reports.iter().map(|(report, _)| report);
    let document = match form {
        Form::Sarif => serde_json::to_value(log(reports, found))?,
        Form::Table | Form::Markdown => Value::Null,
        _ => json!({
            "images": images().collect::<Vec<_>>(),
            "notPublished": found.absent,
            "failed": found.failed.iter().map(|(name, error)| json!({"reference": name, "error": error.why()})).collect::<Vec<_>>(),
        }),
    };
    let text: Option<String> = match form {
        Form::Table => {
            Some(images().map(|report| format!("{}\n{}\n", printable(&report.reference), report.text())).collect())
        }
        Form::Markdown => Some(images().map(|report| report.markdown() + "\n").collect()),
        _ => None,
    };
    if let Some(text) = text {
        let absent = found.absent.iter().map(|name| format!("not published: {}\n", printable(name)));
        session.printer.data(&(text + &absent.collect::<String>()))?;
    }
    let outcome = outcome(reports, found);
    match outcome {
        None if document.is_null() => Ok(ExitCode::Done),
        None => session.printer.json(&document).map(|()| ExitCode::Done),
        Some(error) if document.is_null() => Err(error),
        Some(error) if has_findings(form) => Err(error.with_document(document)),
        Some(error) => Err(error.with_report(document)),
    }
}

/// Returns what is wrong with any of the images: what the policy refuses weighs more than what could not be looked at.
fn outcome(reports: &[(ScanReport, Option<CommandError>)], found: &Found) -> Option<CommandError> {
    let refused: Vec<&CommandError> = reports.iter().filter_map(|(_, refusal)| refusal.as_ref()).collect();
    let failed = found.failed.iter().map(|(name, error)| format!("{name}: {}", error.why()));
    let (code, message) = match refused.iter().map(|error| error.code).min() {
        Some(code @ ExitCode::AdvisoryDatabase) => (code, NOT_ENOUGH),
        Some(code) => (code, "the policy is not met"),
        None if found.failed.is_empty() => return None,
        None => (ExitCode::SomeFailed, "not everything that is published could be looked at"),
    };
    let mut error = CommandError::new(code, message);
    error.causes = refused.iter().map(|error| error.why()).chain(failed).collect();
    Some(error)
}

/// Returns one log with a run for each image, those that could not be looked at, too (SARIF 2.1.0, section 3.13.4).
fn log(reports: &[(ScanReport, Option<CommandError>)], found: &Found) -> SarifLog {
    let logs = reports.iter().map(|(report, refusal)| report.sarif(&failures(refusal.as_ref())));
    let failed = found.failed.iter().map(|(name, error)| SarifLog::failed(format!("{name}: {}", error.why())));
    SarifLog::joined(logs.chain(failed))
}
