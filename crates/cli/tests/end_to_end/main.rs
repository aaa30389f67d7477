//! The program as people run it: one file for each command or topic.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod account;
mod advisories;
mod alpine;
mod archive;
mod archives;
mod bad_inputs;
mod brought;
mod build;
mod certificates;
mod configuration;
mod conflict;
mod contents;
mod copying;
mod credentials;
mod db;
mod db_update;
mod debian;
mod debian_security;
mod determinism;
mod docker_options;
mod dockerfile_inputs;
mod dockerfile_lints;
mod doctor;
mod ecr;
mod engines;
mod errors;
mod explain;
mod faults;
mod gate;
mod healing;
mod help;
mod init;
mod inspect;
mod keygen;
mod listing;
mod loading;
mod lock;
mod looking;
mod naming;
mod offline;
mod plan;
mod promoting;
mod publishing;
mod read_only;
mod rebasing;
mod registry;
mod release;
mod resuming;
mod run_command;
mod scan_forms;
mod schema;
mod signed_elsewhere;
mod signing;
mod store;
mod streams;
mod syncing;
mod tags;
mod taking;
mod trust;
mod verify;
mod world;
