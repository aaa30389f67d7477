//! One file per command.

mod attest;
mod build;
mod catalog;
mod check;
mod clean;
mod completions;
mod conformance;
mod copy;
mod db_build;
mod db_diff;
mod db_publish;
mod db_search;
mod db_status;
mod db_update;
mod delete;
mod digest;
mod doctor;
mod download_attached;
mod download_blob;
mod explain;
mod export;
mod import_key_pair;
mod init;
mod inspect;
mod keygen;
mod lock;
mod login;
mod logout;
mod plan;
mod policy_export;
mod promote;
mod public_key;
mod rebase;
mod registry_serve;
mod release;
mod sbom;
mod scan;
mod schema;
mod sign;
mod sign_blob;
mod store_check;
mod store_df;
mod store_prune;
mod sync;
mod tag;
mod tags;
mod tree;
mod trust_init;
mod trust_show;
mod trust_update;
mod verify;
mod verify_blob;

use crate::arguments::{Arguments, Command, Conformance, Db, Download, Form, Policy, Registry, Store, Trust};
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::printer::Printer;
use crate::session::Session;
use crate::signals::Signals;
use clap::ValueEnum;
use consign_release::Interruption;
use download_attached::Wanted;
use std::pin::pin;
use std::sync::Arc;

/// Runs the command. An interruption ends it: what is half done lies in the store's partial files or by digest at a registry, and names nothing.
/// Only a release whose tags are moving finishes the one that it is at, and says which have moved; a second interruption ends that too.
pub(crate) fn run(arguments: Arguments, printer: &Arc<Printer>) -> Result<ExitCode, CommandError> {
    let Arguments { global, command } = arguments;
    if let Some(directory) = &global.directory {
        std::env::set_current_dir(directory).map_err(|error| {
            CommandError::new(ExitCode::Usage, format!("cannot work in {}", directory.display())).cause(error)
        })?;
    }
    check_form(global.output, &command)?;
    // Nobody else's process may look into this one, which will hold keys.
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    let session = Session::new(global, Environment::read(), printer.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CommandError::new(ExitCode::Failed, "cannot start threads").cause(error))?;
    let outcome = runtime.block_on(async {
        if let Command::Registry(Registry::Serve(arguments)) = &command {
            return registry_serve::run(arguments, &session).await;
        }
        run_until_interrupted(&command, &session).await
    });
    // Threads that still work for a command that has failed end with the program. To shut the runtime down before that would make those that wait on it panic.
    std::mem::forget(runtime);
    outcome
}

/// Some forms are for one command alone.
fn check_form(form: Form, command: &Command) -> Result<(), CommandError> {
    let (of, is_known) = match form {
        Form::Table | Form::Json => return Ok(()),
        Form::Sarif | Form::Markdown | Form::CosignVuln | Form::Openvex => {
            ("scan", matches!(command, Command::Scan(_)))
        }
        Form::SpdxJson | Form::Tree => ("sbom", matches!(command, Command::Sbom(_))),
        Form::CyclonedxJson => ("sbom` and `scan", matches!(command, Command::Sbom(_) | Command::Scan(_))),
    };
    if is_known {
        return Ok(());
    }
    let name = form.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    Err(CommandError::new(ExitCode::Usage, format!("`--output {name}` is for `{of}` alone")))
}

async fn run_until_interrupted(command: &Command, session: &Session) -> Result<ExitCode, CommandError> {
    let mut signals = Signals::listen()?;
    let is_release = matches!(command, Command::Release(_));
    Signals::listen()?.insist(if is_release { 2 } else { 1 }, session.printer.clone());
    let interruption = Interruption::new();
    let mut running = pin!(dispatch(command, session, &interruption));
    tokio::select! {
        outcome = &mut running => return outcome,
        () = signals.next() => {}
    }
    if !is_release {
        return Err(Signals::interrupted());
    }
    interruption.cancel();
    tokio::select! {
        outcome = &mut running => outcome,
        () = signals.next() => Err(Signals::interrupted()),
    }
}

async fn dispatch(command: &Command, session: &Session, interruption: &Interruption) -> Result<ExitCode, CommandError> {
    match command {
        Command::Init(arguments) => init::run(arguments, session),
        Command::Check(arguments) => check::run(arguments, session),
        Command::Plan(arguments) => plan::run(arguments, session),
        Command::Build(arguments) => build::run(arguments, session).await,
        Command::Release(arguments) => release::run(arguments, session, interruption).await,
        Command::Lock(arguments) => lock::run(arguments, session).await,
        Command::Verify(arguments) => verify::run(arguments, session).await,
        Command::Sign(arguments) => sign::run(arguments, session).await,
        Command::Attest(arguments) => attest::run(arguments, session).await,
        Command::Clean(arguments) => clean::run(arguments, session).await,
        Command::Scan(arguments) => scan::run(arguments, session).await,
        Command::Sbom(arguments) => sbom::run(arguments, session).await,
        Command::Db(Db::Build(arguments)) => db_build::run(arguments, session).await,
        Command::Db(Db::Update(arguments)) => db_update::run(arguments, session).await,
        Command::Db(Db::Publish(arguments)) => db_publish::run(arguments, session).await,
        Command::Db(Db::Status(arguments)) => db_status::run(arguments, session).await,
        Command::Db(Db::Search(arguments)) => db_search::run(arguments, session).await,
        Command::Db(Db::Diff(arguments)) => db_diff::run(arguments, session).await,
        Command::Tree(arguments) => tree::run(arguments, session).await,
        Command::Inspect(arguments) => inspect::run(arguments, session).await,
        Command::Copy(arguments) => copy::run(arguments, session).await,
        Command::Sync(arguments) => sync::run(arguments, session).await,
        Command::Promote(arguments) => promote::run(arguments, session).await,
        Command::Rebase(arguments) => rebase::run(arguments, session).await,
        Command::Export(arguments) => export::run(arguments, session).await,
        Command::Download(Download::Blob(arguments)) => download_blob::run(arguments, session).await,
        Command::Download(Download::Signature(arguments)) => {
            download_attached::run(arguments, Wanted::Signatures, session).await
        }
        Command::Download(Download::Attestation(arguments)) => {
            download_attached::run(arguments, Wanted::Attestations, session).await
        }
        Command::Download(Download::Sbom(arguments)) => download_attached::run(arguments, Wanted::Sbom, session).await,
        Command::Digest(arguments) => digest::run(arguments, session).await,
        Command::Tags(arguments) => tags::run(arguments, session).await,
        Command::Catalog(arguments) => catalog::run(arguments, session).await,
        Command::Tag(arguments) => tag::run(arguments, session).await,
        Command::Delete(arguments) => delete::run(arguments, session).await,
        Command::Login(arguments) => login::run(arguments, session).await,
        Command::Logout(arguments) => logout::run(arguments, session).await,
        Command::Keygen(arguments) => keygen::run(arguments, session),
        Command::ImportKeyPair(arguments) => import_key_pair::run(arguments, session),
        Command::PublicKey(arguments) => public_key::run(arguments, session),
        Command::SignBlob(arguments) => sign_blob::run(arguments, session).await,
        Command::VerifyBlob(arguments) => verify_blob::run(arguments, session),
        Command::Trust(Trust::Init(arguments)) => trust_init::run(arguments, session).await,
        Command::Trust(Trust::Update(arguments)) => trust_update::run(arguments, session).await,
        Command::Trust(Trust::Show(arguments)) => trust_show::run(arguments, session),
        Command::Policy(Policy::Export(arguments)) => policy_export::run(arguments, session),
        Command::Conformance(Conformance::VerifyBundle(arguments)) => conformance::run(arguments, session),
        Command::Registry(Registry::Serve(arguments)) => registry_serve::run(arguments, session).await,
        Command::Store(Store::Df(arguments)) => store_df::run(arguments, session).await,
        Command::Store(Store::Prune(arguments)) => store_prune::run(arguments, session).await,
        Command::Store(Store::Check(arguments)) => store_check::run(arguments, session).await,
        Command::Doctor(arguments) => doctor::run(arguments, session).await,
        Command::Explain(arguments) => explain::run(arguments, session),
        Command::Schema(arguments) => schema::run(arguments, session),
        Command::Completions(arguments) => completions::run(arguments, session),
    }
}
