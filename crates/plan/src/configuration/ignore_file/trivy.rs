use super::{List, before, get, is_name, items, others};
use crate::configuration::Code;
use crate::configuration::reader::Reader;
use crate::configuration::tree::Node;
use consign_receipt::PackagePattern;

/// What else such a file lists, none of which consign looks for.
const SECTIONS: [&str; 3] = ["misconfigurations", "secrets", "licenses"];

/// Reads `vulnerabilities`: each an `id`, and perhaps `purls`, `expired_at` and `statement`.
pub(super) fn read(root: &Node, reader: &mut Reader<'_>, list: &mut List<'_>) {
    if reader.mapping(root, "the file").is_none() {
        return;
    }
    for section in SECTIONS {
        if let [first, ..] = items(get(root, section)) {
            list.leave_out(first.span, &format!("`{section}`"), "only advisories are looked for");
        }
    }
    for item in items(get(root, "vulnerabilities")) {
        entry(item, reader, list);
    }
}

fn entry(item: &Node, reader: &mut Reader<'_>, list: &mut List<'_>) {
    if reader.mapping(item, "an entry").is_none() {
        return;
    }
    let mut text = |key: &str| get(item, key).and_then(|node| reader.text(node, &format!("`{key}`")));
    let (id, expired_at) = (text("id"), text("expired_at"));
    let statement = get(item, "statement").and_then(|node| reader.any_text(node, "`statement`"));
    let Some(id) = id.filter(|id| is_name(id)) else {
        reader.report(Code::Value, item.span, "`id` must be the name of an advisory");
        return;
    };
    let until = match &expired_at {
        Some(day) => match before(reader, day) {
            Some(day) => Some(day),
            None => return,
        },
        None => None,
    };
    let unknown = others(item, &["id", "purls", "expired_at", "statement"]);
    if !unknown.is_empty() {
        let why = format!("findings are not told apart by `{}`", unknown.join("`, `"));
        return list.leave_out(item.span, &id, &why);
    }
    let entry = list.entry(&id, statement.map(|statement| statement.value), until);
    match get(item, "purls") {
        None => list.found.entries.push(entry),
        Some(purls) => {
            for purl in reader.list(purls, "`purls`").unwrap_or_default() {
                if let Some(purl) = reader.parsed::<PackagePattern>(purl, "a package URL", Code::Value) {
                    list.found
                        .entries
                        .push(consign_receipt::IgnoredAdvisory { purl: Some(purl.value), ..entry.clone() });
                }
            }
        }
    }
}
