//! The command line of consign. The only room that prints, and the only one that reads the environment.

mod advisories;
mod arguments;
mod attaching;
mod aws;
mod blob;
mod caches;
mod catalog;
mod certificates;
mod closed;
mod cloud;
mod commands;
mod cosign;
mod credential_files;
mod debian;
mod doctor;
mod engines;
mod environment;
mod equipment;
mod error;
mod exit_code;
mod explain;
mod exporting;
mod hadolint;
mod identities;
mod ignored;
mod init;
mod input;
mod instructions;
mod kept_trust;
mod key;
mod keyless;
mod lint;
mod lock_file;
mod metadata;
mod mirrors;
mod outlet;
mod printer;
mod programs;
mod progress;
mod prompt;
mod proof;
mod reading;
mod recipe;
mod registries;
mod registry_hint;
mod remapping;
mod runner;
mod scanner;
mod sealing;
mod secret;
mod services;
mod session;
mod signals;
mod signer;
mod signing;
mod source;
mod store_usage;
mod trust_change;
mod trust_entry;
mod words;
mod workshop;

use arguments::Arguments;
use clap::Parser;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    // In a sandbox this same program is the init process. Nothing may come before this line.
    consign_sandbox::init::main_if_requested();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return printer::usage(&error).into(),
    };
    let printer = Arc::new(printer::Printer::new(&arguments.global));
    let outcome = commands::run(arguments, &printer);
    match outcome {
        Ok(code) => code.into(),
        Err(error) => {
            printer.error(&error);
            error.code.into()
        }
    }
}
