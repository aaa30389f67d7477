use super::{is_base64, is_filler, run};

/// Returns whether the key of a storage account follows (a connection string of Azure's): 64 bytes as base64.
pub(super) fn is_azure_key(text: &[u8], at: usize) -> bool {
    let key = run(text, at, is_base64);
    key.len() == 88 && key.ends_with(b"==") && !is_filler(key)
}

/// Returns whether the key of a client's certificate follows, as kubeconfig files have it.
pub(super) fn is_kubernetes_key(text: &[u8], at: usize) -> bool {
    let blank = run(text, at, |byte| b" \t\"'".contains(&byte)).len();
    let key = run(text, at + blank, is_base64);
    key.len() >= 100 && !is_filler(key)
}
