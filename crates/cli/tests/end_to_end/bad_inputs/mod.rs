//! Inputs that are wrong, damaged or hostile: what the program says of each, and that it writes nothing.

mod archives;
mod configuration;
mod image_file;
mod index;
mod keys;
mod lock;
mod openpgp;
mod package;
mod signed;
mod table;
mod tar_file;

use std::collections::BTreeSet;
use table::{Case, Table};

#[test]
fn there_are_many_and_each_has_a_name() {
    let groups = [
        configuration::cases(),
        image_file::cases(),
        index::cases(),
        package::cases(),
        openpgp::cases(),
        archives::cases(),
        lock::cases(),
        keys::cases(),
    ];
    let names: Vec<_> = groups.iter().flatten().map(|case| case.name).collect();
    assert!(names.len() >= 60, "{}", names.len());
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
}
