//! Timestamps.

use crate::common::json;
use crate::{ENTRY, Forgery, TIMESTAMP, TIMESTAMPS, check, replace};
use serde_json::json;

#[test]
fn timestamps() {
    let forgeries: &[Forgery] = &[
        ("rekor2", "no timestamp", "NoTime", |good| *good.at(TIMESTAMPS) = json!([])),
        ("rekor2-attestation", "no timestamp", "NoTime", |good| *good.at(TIMESTAMPS) = json!([])),
        ("rekor2", "no timestamp, but a time of the entry", "NoTime", |good| {
            *good.at(TIMESTAMPS) = json!([]);
            *good.at(&format!("{ENTRY}/integratedTime")) = "1749470258".into();
        }),
        ("rekor2", "timestamp of another signature", "TimestampOfAnother", |good| {
            good.take(TIMESTAMP, "rekor2-attestation")
        }),
        ("blob", "timestamp of another signature", "TimestampOfAnother", |good| good.take(TIMESTAMP, "rekor2")),
        ("blob", "timestamp of another signature too", "TimestampOfAnother", |good| {
            let other = json("rekor2.json").pointer(&format!("{TIMESTAMPS}/0")).unwrap().clone();
            good.at(TIMESTAMPS).as_array_mut().unwrap().push(other);
        }),
        ("blob", "timestamp changed in its signature", "Timestamp", |good| good.flip(TIMESTAMP, 0)),
        ("blob", "timestamp changed in its time", "Timestamp", |good| {
            good.change(TIMESTAMP, |bytes| replace(bytes, b"20251203183642Z", b"20251203183643Z"));
        }),
        ("rekor2", "timestamp changed in its time", "Timestamp", |good| {
            good.change(TIMESTAMP, |bytes| replace(bytes, b"20250609115738Z", b"20250609115739Z"));
        }),
        ("blob", "timestamp cut off", "Timestamp", |good| good.change(TIMESTAMP, |bytes| bytes.truncate(200))),
        ("blob", "timestamp empty", "Timestamp", |good| *good.at(TIMESTAMP) = "".into()),
        ("blob", "timestamp by an unknown authority", "TimestampUntrusted", |good| {
            good.at(TIMESTAMPS)
                .as_array_mut()
                .unwrap()
                .push(json!({ "signedTimestamp": json("timestamps.json")["late"] }));
        }),
        ("blob", "root without timestamp authorities", "TimestampUntrusted", |good| {
            good.root["timestampAuthorities"] = json!([])
        }),
        ("rekor2", "root with other timestamp authorities", "TimestampUntrusted", |good| {
            good.root["timestampAuthorities"] = json!([json("timestamps.json")["authority"]]);
        }),
        ("blob", "timestamp authority no more in use", "TimestampTime", |good| {
            for authority in good.root["timestampAuthorities"].as_array_mut().unwrap() {
                authority["validFor"] = json!({ "start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z" });
            }
        }),
        ("blob", "timestamp authority no more in use, another that is", "TimestampTime", |good| {
            for authority in good.root["timestampAuthorities"].as_array_mut().unwrap() {
                authority["validFor"] = json!({ "start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z" });
            }
            let mut other = json("timestamps.json")["authority"].clone();
            other["validFor"] = json!({ "start": "2020-01-01T00:00:00Z" });
            good.root["timestampAuthorities"].as_array_mut().unwrap().push(other);
        }),
        ("blob", "timestamp with milliseconds", "TimestampFraction", |good| {
            let late = json("timestamps.json");
            good.root["timestampAuthorities"].as_array_mut().unwrap().push(late["authority"].clone());
            *good.at(TIMESTAMP) = late["fraction"].clone();
        }),
        ("blob", "many timestamps", "TooMuch", |good| {
            let timestamp = good.at(&format!("{TIMESTAMPS}/0")).clone();
            good.at(TIMESTAMPS).as_array_mut().unwrap().extend(vec![timestamp; 16]);
        }),
    ];
    check(forgeries, |good| good.verify().map(drop));
}
