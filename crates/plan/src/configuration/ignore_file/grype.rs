use super::{List, get, is_name, items, others};
use crate::configuration::Code;
use crate::configuration::reader::{Reader, clip};
use crate::configuration::tree::Node;
use consign_receipt::{IgnoredAdvisory, ListedPackage};

/// Types of packages as grype calls them, where package URLs call them otherwise (syft, `syft/pkg/type.go`).
const TYPES: [(&str, &str); 6] = [
    ("dotnet", "nuget"),
    ("go-module", "golang"),
    ("java-archive", "maven"),
    ("php-composer", "composer"),
    ("python", "pypi"),
    ("rust-crate", "cargo"),
];
/// Those that both call the same.
const SAME_TYPES: [&str; 5] = ["apk", "deb", "gem", "npm", "rpm"];

/// Reads `ignore`: rules with a `vulnerability`, and perhaps a `package` with `name`, `version` and `type`, and a `reason`. Grype's have no end.
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
    let mut text = |key: &str| {
        let text = package.and_then(|package| get(package, key));
        text.and_then(|node| reader.any_text(node, &format!("`{key}`"))).map(|text| text.value)
    };
    let (name, version, stated_type) = (text("name"), text("version"), text("type"));
    unknown.extend(package.map(|package| others(package, &["name", "version", "type"])).unwrap_or_default());
    let purl_type = stated_type.as_deref().map(|stated| (stated, purl_type(stated)));
    let why = match purl_type {
        _ if !unknown.is_empty() => Some(format!("findings are not told apart by `{}`", unknown.join("`, `"))),
        Some((stated, None)) => Some(format!("no packages of the type `{}` are looked for", clip(stated))),
        None if package.is_some() && name.is_none() && version.is_none() => Some("its package has no name".to_owned()),
        _ => None,
    };
    if let Some(why) = why {
        return list.leave_out(item.span, &advisory, &why);
    }
    let purl_type = purl_type.and_then(|(_, purl_type)| purl_type).map(str::to_owned);
    let listed = package.map(|_| ListedPackage { name, version, purl_type });
    let entry = list.entry(&advisory, reason.map(|reason| reason.value), None);
    list.found.entries.push(IgnoredAdvisory { listed, ..entry });
}

/// Returns the type of package URLs that is meant; `None`: consign lists no such packages.
fn purl_type(stated: &str) -> Option<&'static str> {
    let same = SAME_TYPES.into_iter().find(|same| *same == stated);
    same.or_else(|| TYPES.iter().find(|(name, _)| *name == stated).map(|(_, purl_type)| *purl_type))
}
