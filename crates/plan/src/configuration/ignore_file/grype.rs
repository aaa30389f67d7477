use super::{List, get, is_name, items, others};
use crate::configuration::Code;
use crate::configuration::reader::Reader;
use crate::configuration::tree::Node;
use consign_receipt::IgnoredAdvisory;

/// Reads `ignore`: rules with a `vulnerability`, and perhaps the `name` of a `package` and a `reason`. Grype's have no end.
pub(super) fn read(root: &Node, reader: &mut Reader<'_>, list: &mut List<'_>) {
    for item in items(get(root, "ignore")) {
        if reader.mapping(item, "a rule").is_some() {
            rule(item, reader, list);
        }
    }
}

fn rule(item: &Node, reader: &mut Reader<'_>, list: &mut List<'_>) {
    let advisory = get(item, "vulnerability").and_then(|node| reader.text(node, "`vulnerability`"));
    let reason = get(item, "reason").and_then(|node| reader.any_text(node, "`reason`"));
    let Some(advisory) = advisory else {
        return list.leave_out(item.span, "a rule", "it names no vulnerability, and would cover any");
    };
    if !is_name(&advisory) {
        return reader.report(Code::Value, advisory.span, "this is not the name of an advisory");
    }
    let mut unknown = others(item, &["vulnerability", "reason", "package", "include-aliases"]);
    let package = get(item, "package");
    let name = package.and_then(|package| get(package, "name")).and_then(|name| reader.text(name, "`name`"));
    unknown.extend(package.map(|package| others(package, &["name"])).unwrap_or_default());
    if !unknown.is_empty() || (package.is_some() && name.is_none()) {
        let why = match unknown.is_empty() {
            true => "its package has no name".to_owned(),
            false => format!("findings are not told apart by `{}`", unknown.join("`, `")),
        };
        return list.leave_out(item.span, &advisory, &why);
    }
    let entry = list.entry(&advisory, reason.map(|reason| reason.value), None);
    list.found.entries.push(IgnoredAdvisory { package: name.map(|name| name.value), ..entry });
}
