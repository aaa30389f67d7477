use std::collections::BTreeMap;

/// Where a daemon takes steps from that were built before, or leaves those of this build (BuildKit, "Export cache").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// The kind, such as `registry`, `inline`, `gha` or `s3`. Not `local`: folders of this machine cannot be used.
    pub kind: String,
    /// Its settings, such as `ref` and `mode`.
    pub attributes: BTreeMap<String, String>,
}
