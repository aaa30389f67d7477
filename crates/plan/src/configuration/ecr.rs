use super::image::texts_by_key;
use super::keys::{Key, Keys, Shape};
use super::reader::Reader;
use super::tree::Node;
use super::{Code, Spanned};
use std::collections::BTreeMap;

pub(super) const KEYS: Keys = Keys {
    what: "a registry of Amazon ECR",
    known: &[
        Key::new(
            "role",
            Shape::Text,
            "The ARN of the role to take on with an identity token. Default: `AWS_ROLE_ARN`.",
        ),
        Key::new(
            "audience",
            Shape::Text,
            "Who identity tokens of GitHub Actions are for. Default: `sts.amazonaws.com`.",
        ),
        Key::new(
            "region",
            Shape::Form("^[a-z0-9]+(-[a-z0-9]+)*$"),
            "The region, where the registry's name is not one of Amazon's own.",
        ),
        Key::new(
            "endpoint",
            Shape::Text,
            "The address of ECR's API, such as that of a private link. Default: that of the region.",
        ),
        Key::new(
            "create",
            Shape::Flag,
            "Whether a repository is made that is pushed to and not there. Default: only by `sync` and `promote`.",
        ),
        Key::new(
            "encryption",
            Shape::Text,
            "With what images of a new repository are encrypted: `AES256`, `KMS`, or the ARN of a KMS key. Default: `AES256`.",
        ),
        Key::new("immutable-tags", Shape::Flag, "Whether tags of a new repository cannot be moved. Default: false."),
        Key::new(
            "mutable-tags",
            Shape::Items(&Shape::Text),
            "Tags that can be moved although `immutable-tags` is set, such as `latest` or `*-dev`.",
        ),
        Key::new("scan-on-push", Shape::Flag, "Whether ECR scans what is pushed to a new repository. Default: false."),
        Key::new(
            "resource-tags",
            Shape::Map(&Shape::AnyText),
            "Tags of a new repository, as AWS has them for costs and policies.",
        ),
        Key::new(
            "lifecycle-policy",
            Shape::Text,
            "Which images of a new repository are removed after a while: the JSON that ECR takes, or a file that has it, relative to this file's folder.",
        ),
    ],
    later: &["repository-policy", "kms-key"],
    rules: &[],
};

/// The most tags that ECR makes an exception for (Amazon ECR API Reference, "CreateRepository").
const MUTABLE_TAGS: usize = 5;

/// What is particular about a registry of Amazon ECR.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EcrSettings {
    /// The role to take on with an identity token.
    pub role: Option<String>,
    /// Who identity tokens of GitHub Actions are for.
    pub audience: Option<String>,
    /// The region, where the registry's name does not say it.
    pub region: Option<String>,
    /// The address of ECR's API.
    pub endpoint: Option<String>,
    /// Whether a repository is made that is pushed to and not there.
    pub create: Option<bool>,
    /// With what images are encrypted: `AES256`, `KMS` or a key.
    pub encryption: Option<String>,
    /// Whether tags cannot be moved.
    pub immutable_tags: Option<bool>,
    /// Tags that can be moved nevertheless.
    pub mutable_tags: Vec<String>,
    /// Whether what is pushed is scanned.
    pub scan_on_push: Option<bool>,
    /// Tags of repositories.
    pub resource_tags: BTreeMap<String, String>,
    /// Which images are removed.
    pub lifecycle_policy: Option<LifecyclePolicy>,
}

/// Which images of a repository are removed after a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LifecyclePolicy {
    /// ECR's JSON.
    Json(String),
    /// The file that has it, as written.
    File(String),
}

impl EcrSettings {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &KEYS)?;
        let mut text = |key: &str| fields.get(key).and_then(|node| reader.text(node, &format!("`{key}`")));
        let [role, audience, region, endpoint, encryption, policy] =
            ["role", "audience", "region", "endpoint", "encryption", "lifecycle-policy"].map(&mut text);
        let mut flag = |key: &str| fields.get(key).and_then(|node| reader.boolean(node, &format!("`{key}`")));
        let [create, immutable_tags, scan_on_push] = ["create", "immutable-tags", "scan-on-push"].map(&mut flag);
        let tags = fields.get("mutable-tags").map(|node| reader.list(node, "`mutable-tags`").unwrap_or_default());
        let tags = tags.unwrap_or_default().iter().filter_map(|node| reader.text(node, "a tag"));
        let mutable_tags: Vec<String> = tags.map(|tag| tag.value).collect();
        if let Some((key, _)) = fields.entry("mutable-tags").filter(|_| immutable_tags != Some(true)) {
            let message = "`mutable-tags` says which tags can be moved although `immutable-tags` is set, and it is not";
            reader.report_hint(Code::Value, key.span, message, "add `immutable-tags: true`");
        }
        if let Some((key, _)) = fields.entry("mutable-tags").filter(|_| mutable_tags.len() > MUTABLE_TAGS) {
            reader.report(Code::Value, key.span, format!("ECR takes at most {MUTABLE_TAGS} of these"));
        }
        if let Some(region) = region.as_ref().filter(|region| !is_region(&region.value)) {
            reader.report(Code::Value, region.span, "this is not the name of a region, such as `eu-central-1`");
        }
        if let Some(endpoint) = endpoint.as_ref().filter(|endpoint| !is_address(&endpoint.value)) {
            let message = "`endpoint` must be an address such as `https://api.ecr.eu-central-1.amazonaws.com`";
            reader.report(Code::Value, endpoint.span, message);
        }
        let resource_tags = fields.get("resource-tags");
        let resource_tags = resource_tags.map(|node| texts_by_key(reader, node, "`resource-tags`")).unwrap_or_default();
        let lifecycle_policy = policy.map(|policy| lifecycle_policy(reader, policy));
        let [role, audience, region, endpoint, encryption] =
            [role, audience, region, endpoint, encryption].map(|text| text.map(|text| text.value));
        Some(Self {
            role,
            audience,
            region,
            endpoint,
            create,
            encryption,
            immutable_tags,
            mutable_tags,
            scan_on_push,
            resource_tags,
            lifecycle_policy,
        })
    }
}

fn lifecycle_policy(reader: &mut Reader<'_>, written: Spanned<String>) -> LifecyclePolicy {
    if !written.value.trim_start().starts_with('{') {
        return LifecyclePolicy::File(written.value);
    }
    if serde_json::from_str::<serde_json::Value>(&written.value).is_err() {
        reader.report(Code::Value, written.span, "`lifecycle-policy` begins as JSON, but is none");
    }
    LifecyclePolicy::Json(written.value)
}

/// Returns whether a text may name a region, as the schema has it.
fn is_region(text: &str) -> bool {
    text.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

fn is_address(text: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|host| !host.is_empty()))
}
