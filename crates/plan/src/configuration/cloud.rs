//! What is particular about registries of Google's and Azure's.

use super::Code;
use super::keys::{Key, Keys, Shape};
use super::reader::Reader;
use super::tree::Node;

pub(super) const GOOGLE_KEYS: Keys = Keys {
    what: "a registry of Google's",
    known: &[
        Key::required(
            "workload-identity-provider",
            Shape::Form("^projects/[^/]+/locations/[^/]+/workloadIdentityPools/[^/]+/providers/[^/]+$"),
            "The provider of workload identity federation that identity tokens of GitHub Actions are shown to.",
        ),
        Key::new(
            "service-account",
            Shape::Form("^[A-Za-z0-9._@-]+$"),
            "The service account to take on with that. Default: none; the identity itself has the roles.",
        ),
    ],
    later: &["audience"],
    rules: &[],
};
pub(super) const AZURE_KEYS: Keys = Keys {
    what: "a registry of Azure's",
    known: &[
        Key::new(
            "tenant",
            Shape::Form("^[A-Za-z0-9.-]+$"),
            "The directory of the application. Default: `AZURE_TENANT_ID`.",
        ),
        Key::new(
            "client",
            Shape::Form("^[A-Za-z0-9.-]+$"),
            "The application, or the identity of a machine that has several. Default: `AZURE_CLIENT_ID`.",
        ),
    ],
    later: &["audience"],
    rules: &[],
};

/// What is particular about a registry of Google's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoogleSettings {
    /// The provider that identity tokens are shown to.
    pub provider: String,
    /// The service account to take on.
    pub service_account: Option<String>,
}

/// What is particular about a registry of Azure's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AzureSettings {
    /// The directory of the application.
    pub tenant: Option<String>,
    /// The application.
    pub client: Option<String>,
}

impl GoogleSettings {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &GOOGLE_KEYS)?;
        let Some(provider) = fields.get("workload-identity-provider") else {
            reader.missing(&fields, "workload-identity-provider", "who gives tokens for identity tokens");
            return None;
        };
        let provider = reader.text(provider, "`workload-identity-provider`")?;
        let parts: Vec<&str> = provider.split('/').collect();
        if !matches!(parts[..], ["projects", a, "locations", b, "workloadIdentityPools", c, "providers", d] if ![a, b, c, d].contains(&""))
        {
            let hint = "expected `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`";
            reader.report_hint(Code::Value, provider.span, "this is not the name of a provider", hint);
        }
        let service_account =
            fields.get("service-account").and_then(|node| name(reader, node, "service-account", "._@-"));
        Some(Self { provider: provider.value, service_account })
    }
}

impl AzureSettings {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &AZURE_KEYS)?;
        let mut read = |key: &str| fields.get(key).and_then(|node| name(reader, node, key, ".-"));
        Some(Self { tenant: read("tenant"), client: read("client") })
    }
}

/// Reads a name of letters, digits and these further characters, as the schema has it.
fn name(reader: &mut Reader<'_>, node: &Node, key: &str, further: &str) -> Option<String> {
    let text = reader.text(node, &format!("`{key}`"))?;
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || further.contains(c)) {
        reader.report(Code::Value, text.span, format!("this cannot be a `{key}`"));
        return None;
    }
    Some(text.value)
}
