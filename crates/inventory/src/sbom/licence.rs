use super::text;
use crate::Package;
use consign_package::{Kind, licence};
use std::collections::BTreeMap;

/// Licences that SPDX has no name for, by the names that a document gives them.
pub(super) type Unknown = BTreeMap<String, String>;

/// A licence of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Licence {
    /// An expression of SPDX.
    Expression(String),
    /// Something that it has no name for, as written.
    Unknown(String),
}

/// Returns the licences of a package, each once, in order.
pub(super) fn all(package: &Package) -> Vec<Licence> {
    let mut licences = Vec::new();
    for written in &package.licences {
        let expression = match package.kind {
            Kind::Debian => licence::debian(written).or_else(|| licence::expression(written)),
            _ => licence::expression(written),
        };
        let is_known = |found: &String| !licence::has_references(found) && !licence::has_unlisted_plus(found);
        let licence = match (expression.filter(is_known), text::line(written)) {
            (Some(expression), _) => Licence::Expression(expression),
            (None, Some(written)) => Licence::Unknown(written),
            (None, None) => continue,
        };
        if !licences.contains(&licence) {
            licences.push(licence);
        }
    }
    licences
}

/// Returns the one expression that says all licences of a package; those without a name are added to `unknown`. `None`: nothing says.
pub(super) fn expression(package: &Package, unknown: &mut Unknown) -> Option<String> {
    let words: Vec<String> = all(package)
        .into_iter()
        .map(|licence| match licence {
            Licence::Expression(expression) => expression,
            Licence::Unknown(written) => {
                let name = licence::reference(&written);
                unknown.insert(name.clone(), written);
                name
            }
        })
        .collect();
    licence::together(words.iter().map(String::as_str))
}
