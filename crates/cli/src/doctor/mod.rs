//! Looks at whether this machine has what the configuration needs. Builds and logs nothing, and changes nothing that it is not asked to.

mod clock;
mod finding;
mod machine;
mod mirrors;
mod project;
mod registries;
mod signing;
mod store;

pub(crate) use finding::{Finding, Level};

use crate::error::CommandError;
use crate::session::Session;
use crate::workshop::Planned;
use jiff::Timestamp;
use std::time::Duration;

/// How long a registry or mirror may take to answer before it counts as one that does not.
const PATIENCE: Duration = Duration::from_secs(20);

/// Registers emulators on the whole machine for what is planned.
pub(crate) fn fix(session: &Session) -> Result<Vec<Finding>, CommandError> {
    machine::fix(&Planned::read(session)?)
}

/// Takes back what [`fix`] has done.
pub(crate) fn undo() -> Result<Vec<Finding>, CommandError> {
    machine::undo()
}

/// Looks at everything, in the order in which a release comes to need it.
pub(crate) async fn examine(session: &Session) -> Vec<Finding> {
    let planned = Planned::read(session);
    let mut findings = vec![project::configuration(session, &planned)];
    let planned = planned.ok();
    // Where an image file is wrong, there is still something to say about the rest.
    let configuration = session.configuration().ok();
    findings.extend(project::git(session, configuration.as_ref()));
    findings.push(project::ci(session));
    findings.extend(store::store(session));
    if let Some(planned) = &planned {
        findings.extend(mirrors::mirrors(session, planned).await);
        findings.extend(machine::sandboxed(planned).await);
    }
    if let Some(configuration) = &configuration {
        findings.extend(registries::registries(session, configuration, planned.as_ref()).await);
        findings.push(signing::signing(session, configuration));
    }
    findings.extend(signing::trust(session, Timestamp::now()));
    findings
}
