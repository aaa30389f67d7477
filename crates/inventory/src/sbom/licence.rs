use super::text;
use crate::Package;
use consign_oci::Digest;
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
        let licence =
            match (expression.filter(|expression| licence::references(expression).is_empty()), text::line(written)) {
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
    let licences = all(package);
    let is_alone = licences.len() == 1;
    let words = licences.into_iter().map(|licence| match licence {
        Licence::Expression(expression) if is_alone || !expression.contains(' ') => expression,
        Licence::Expression(expression) => format!("({expression})"),
        Licence::Unknown(written) => {
            let name = reference(&written);
            unknown.insert(name.clone(), written);
            name
        }
    });
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(" AND "))
}

/// Returns the name of a licence that SPDX has none for (SPDX 2.3, clause 10.1).
fn reference(written: &str) -> String {
    let digest = Digest::of(written.as_bytes());
    let words: String = text::identifier(written).chars().take(60).collect();
    format!("LicenseRef-{}-{}", words.trim_matches('-'), &digest.hex()[..8])
}
