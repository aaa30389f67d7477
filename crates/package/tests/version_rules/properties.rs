use consign_package::version::VersionOrder;
use proptest::prelude::*;
use std::cmp::Ordering;

/// Texts that many orders take, and that are often alike.
fn version() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "a", "b", "rc", "alpha", "beta", "pre", "post", "dev", "p", "pl", "sp", "ga", "final", "snapshot", "git", "x",
        "RC", "r", "m", "el",
    ]);
    let number = prop::sample::select(vec!["0", "1", "2", "10", "00", "01", "010", "99999999999999999999999"]);
    let separator = prop::sample::select(vec![".", "-", "_", "~", "^", "+", "", ":", ".-", "-r", "!", "#"]);
    let piece = prop_oneof![2 => number.clone().prop_map(str::to_owned), 1 => word.prop_map(str::to_owned)];
    (number, prop::collection::vec((separator, piece), 0..5)).prop_map(|(first, rest)| {
        rest.iter().fold(first.to_owned(), |text, (separator, piece)| format!("{text}{separator}{piece}"))
    })
}

/// Where the ecosystem's own order goes in circles, only that swapping reverses it is asked.
fn goes_in_circles(order: VersionOrder, versions: &[&String]) -> bool {
    match order {
        // `1-alpha` is newer than `1.sp`, that is newer than `1`, and that is newer than `1-alpha`.
        VersionOrder::Maven => versions.iter().any(|version| version.contains(|letter: char| letter.is_alphabetic())),
        VersionOrder::Composer => versions.iter().any(|version| version.contains('#')),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: consign_testkit::mutate::cases_or(3000) as u32, ..ProptestConfig::default() })]

    #[test]
    fn is_an_order(a in version(), b in version(), c in version()) {
        for order in VersionOrder::ALL {
            let compare = |one: &str, other: &str| order.compare(one, other);
            for (one, other) in [(&a, &b), (&b, &c), (&a, &c)] {
                let (there, back) = (compare(one, other), compare(other, one));
                prop_assert_eq!(there.ok(), back.ok().map(Ordering::reverse), "{} {} {:?}", one, other, order);
            }
            let taken: Vec<&String> = [&a, &b, &c].into_iter().filter(|text| compare(text, text).is_ok()).collect();
            for text in &taken {
                prop_assert_eq!(compare(text, text), Ok(Ordering::Equal));
            }
            if taken.len() == 3 && !goes_in_circles(order, &taken) {
                let (ab, bc, ac) = (compare(&a, &b).unwrap(), compare(&b, &c).unwrap(), compare(&a, &c).unwrap());
                if ab == bc || bc.is_eq() {
                    prop_assert_eq!(ac, ab, "{} {} {} {:?}", a, b, c, order);
                } else if ab.is_eq() {
                    prop_assert_eq!(ac, bc, "{} {} {} {:?}", a, b, c, order);
                }
            }
        }
    }

    #[test]
    fn takes_or_refuses_any_text(one in ".{0,20}", other in "[ -~]{0,12}") {
        for order in VersionOrder::ALL {
            let found = order.compare(&one, &other).ok();
            prop_assert_eq!(found, order.compare(&other, &one).ok().map(Ordering::reverse));
        }
    }
}
