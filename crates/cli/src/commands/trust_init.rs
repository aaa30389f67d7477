use crate::arguments::{DeploymentOptions, Output, ServiceOption, TrustInit};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::kept_trust::refused;
use crate::reading::read_file;
use crate::session::Session;
use crate::trust_change::{SIGNING_CONFIG, update, write};
use consign_keyless::{ListedService, Repository, ServiceList};
use consign_trust::{DeployedAuthority, DeployedLog, Deployment};
use jiff::Timestamp;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Largest file with certificates, a key or a root, in bytes.
const LIMIT: u64 = 1 << 20;

pub(crate) async fn run(arguments: &TrustInit, session: &Session) -> Result<ExitCode, CommandError> {
    if arguments.services.are_given() {
        return deploy(&arguments.services, arguments.out_dir.as_deref(), session);
    }
    let variable = |name: &str| session.environment.get(name);
    let mirror = arguments.mirror.as_deref().or_else(|| variable("TUF_MIRROR"));
    let root = arguments.root.clone().or_else(|| variable("TUF_ROOT_JSON").map(PathBuf::from));
    let root = root.map(|path| read(&path)).transpose()?;
    let repository = Repository::new(mirror, root.as_deref().map(str::as_bytes)).map_err(|error| refused(&error))?;
    update(&repository, arguments.out_dir.as_deref(), session).await?;
    Ok(ExitCode::Done)
}

/// Writes the two files of a private deployment.
fn deploy(options: &DeploymentOptions, folder: Option<&Path>, session: &Session) -> Result<ExitCode, CommandError> {
    let root = options.deployment()?.trusted_root()?;
    // Without somebody who gives certificates, there is nothing to be signed without a key.
    let list = options.list();
    let list = (!list.authorities.is_empty()).then(|| list.write(Timestamp::now())).transpose()?;
    let files = write(folder.unwrap_or(Path::new("")), Some(&root), list.as_deref())?;
    if list.is_none() {
        session.printer.note(&format!("note: there is no {SIGNING_CONFIG}: nobody gives certificates (`--fulcio`)"));
    }
    match session.output {
        Output::Json => session.printer.json(&json!({ "files": files }))?,
        Output::Table => {
            session
                .printer
                .data(&files.iter().map(|path| format!("written  {}\n", path.display())).collect::<String>())?;
        }
    }
    Ok(ExitCode::Done)
}

impl DeploymentOptions {
    fn are_given(&self) -> bool {
        [&self.fulcio, &self.ctfe, &self.rekor, &self.tsa, &self.oidc_provider].iter().any(|given| !given.is_empty())
    }

    fn deployment(&self) -> Result<Deployment, CommandError> {
        Ok(Deployment {
            authorities: self.fulcio.iter().map(authority).collect::<Result<_, _>>()?,
            certificate_logs: self.ctfe.iter().map(log).collect::<Result<_, _>>()?,
            logs: self.rekor.iter().map(log).collect::<Result<_, _>>()?,
            timestamp_authorities: self.tsa.iter().map(authority).collect::<Result<_, _>>()?,
        })
    }

    fn list(&self) -> ServiceList {
        ServiceList {
            authorities: self.fulcio.iter().map(listed).collect(),
            issuers: self.oidc_provider.iter().map(listed).collect(),
            logs: self.rekor.iter().map(listed).collect(),
            log_selection: self.rekor_config,
            timestamps: self.tsa.iter().map(listed).collect(),
            timestamp_selection: self.tsa_config,
        }
    }
}

fn authority(option: &ServiceOption) -> Result<DeployedAuthority, CommandError> {
    let certificates = read(&option.material)?;
    Ok(DeployedAuthority { url: option.url.clone(), certificates, from: option.from, until: option.until })
}

fn log(option: &ServiceOption) -> Result<DeployedLog, CommandError> {
    let key = read(&option.material)?;
    let origin = (option.version == 2).then(|| option.origin.clone().or_else(|| host(&option.url))).flatten();
    Ok(DeployedLog { url: option.url.clone(), key, origin, from: option.from, until: option.until })
}

fn listed(option: &ServiceOption) -> ListedService {
    let (url, operator) = (option.url.clone(), option.operator.clone());
    ListedService { url, version: option.version, operator, from: option.from, until: option.until }
}

/// Returns the host of an address, which is the name of a log of Rekor 2 unless it was given another.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', ':', '?', '#']).next().map(str::to_owned)
}

fn read(path: &Path) -> Result<String, CommandError> {
    read_file(path, LIMIT).map_err(|error| {
        CommandError::new(ExitCode::Configuration, format!("cannot read {}", path.display())).cause(error)
    })
}
