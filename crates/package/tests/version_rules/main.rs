//! What each order of versions takes, what is equal in it though written differently, and that it is an order.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod distributions;
mod ecosystems;
mod languages;
mod properties;

use consign_package::version::VersionOrder;

/// Ascending rows; what is in one row is equal.
pub(crate) fn ascends(order: VersionOrder, rows: &[&[&str]]) {
    for (row, ones) in rows.iter().enumerate() {
        for (other_row, others) in rows.iter().enumerate() {
            for (one, other) in ones.iter().flat_map(|one| others.iter().map(move |other| (one, other))) {
                assert_eq!(order.compare(one, other), Ok(row.cmp(&other_row)), "{one} {other} {order:?}");
            }
        }
    }
}

pub(crate) fn refuses(order: VersionOrder, texts: &[&str]) {
    for text in texts {
        let error = order.compare(text, "1").unwrap_err();
        assert_eq!(error.version, text.chars().take(100).collect::<String>());
        assert_eq!(order.compare("1", text).unwrap_err(), error);
        assert!(error.to_string().contains(order.name()));
    }
}

#[test]
fn every_order_refuses_what_is_no_version() {
    for order in VersionOrder::ALL {
        refuses(order, &["", " ", "1\n2", "1\0", "(devel)", "(none)", "1.0, 2.0", "<none>", &"1".repeat(513)]);
        // Numbers are of any length, and leading zeros are nothing in the first of them.
        let (large, larger) = ("9".repeat(400), format!("1{}", "0".repeat(400)));
        ascends(order, &[&["2", "02"], &["10"], &[&large], &[&larger]]);
    }
}
