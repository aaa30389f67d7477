use super::{is_base64, is_filler, run};

/// Keys of Azure's emulators, which are in their manuals and open nothing elsewhere: of storage (Azurite), and of Cosmos DB.
const EMULATORS: [&[u8]; 2] = [
    b"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    b"C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
];

/// Returns whether the key of a storage account follows (a connection string of Azure's): 64 bytes as base64.
pub(super) fn is_azure_key(text: &[u8], at: usize) -> bool {
    let key = run(text, at, is_base64);
    key.len() == 88 && key.ends_with(b"==") && !is_filler(key) && !EMULATORS.contains(&key)
}

/// Returns whether the key of a client's certificate follows, as kubeconfig files have it, in YAML or in JSON.
pub(super) fn is_kubernetes_key(text: &[u8], at: usize) -> bool {
    let blank = run(text, at, |byte| b" \t\"':".contains(&byte));
    let key = run(text, at + blank.len(), is_base64);
    blank.contains(&b':') && key.len() >= 100 && !is_filler(key)
}
