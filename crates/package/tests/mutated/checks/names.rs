//! Package URLs, versions and licences.

use consign_package::version::VersionOrder;
use consign_package::{PackageUrl, licence};
use std::cmp::Ordering;

/// A package URL is read or refused. What is read is written in one form, that is read as the same.
pub(crate) fn url(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.parse::<PackageUrl>().is_ok_and(|url| !url.name().is_empty()) {
        is_url(&text.parse::<PackageUrl>().expect("it was read").to_string());
    }
}

/// A text is a package URL, in the form that it is written in.
pub(super) fn is_url(text: &str) {
    match text.parse::<PackageUrl>() {
        Ok(url) => assert_eq!(url.to_string(), text),
        Err(error) => panic!("{text}: {error}"),
    }
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
}

/// Two lines are versions of an ecosystem or not, whichever comes first; of two that are, each is as much older as the other is newer.
pub(crate) fn versions(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let versions: Vec<&str> = text.splitn(3, '\n').take(2).chain(["1.0"]).collect();
    for order in VersionOrder::ALL {
        for one in &versions {
            for other in &versions {
                let (found, back) = (order.compare(one, other), order.compare(other, one));
                assert_eq!(found.clone().ok(), back.ok().map(Ordering::reverse), "{one} {other} {order:?}");
                assert!(one != other || found.is_err() || found == Ok(Ordering::Equal), "{one} {order:?}");
            }
        }
    }
}

/// Any text means an expression of SPDX or none; whatever it is, a document can name it.
pub(crate) fn licences(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let reference = licence::reference(&text);
    assert!(licence::is_expression(&reference) && licence::has_references(&reference), "{text:?} gave {reference:?}");
    assert_eq!(licence::references(&reference), std::slice::from_ref(&reference));
    for found in [licence::expression(&text), licence::debian(&text)].into_iter().flatten() {
        assert!(licence::is_expression(&found), "{text:?} gave {found:?}");
        assert!(licence::references(&found).is_empty() || licence::has_references(&found), "{found:?}");
        let together = licence::together([found.as_str(), "MIT OR ISC", &reference]).expect("there are some");
        // Each may be as long as any expression is.
        assert!(together.len() > 1000 || licence::is_expression(&together), "{together:?}");
    }
}
