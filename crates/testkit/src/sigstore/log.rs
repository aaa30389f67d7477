//! Logs signatures, as Rekor does: in the form of its version 2 (rekor-tiles, `rekor_service.proto`), and of version 1 (rekor, `openapi.yaml`).

use super::answer::{Answer, failure, json_answer};
use super::certificate::{from_pem, public_key, to_pem};
use super::key::{self, Key, hash, hex, verifies_hash};
use super::lock;
use super::tree;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::io;
use std::sync::Mutex;

/// How many entries a log of version 1 has in earlier trees: what it calls an entry's number is not where it is in the tree.
const EARLIER: usize = 1000;
/// The number of the tree that a version 1 has, in its identifiers.
const TREE: u64 = 0x1057;

pub(super) struct Log {
    pub(super) key: Key,
    /// The name that checkpoints have.
    name: String,
    entries: Mutex<Vec<Entry>>,
}

#[derive(Clone)]
struct Entry {
    body: Vec<u8>,
    time: Timestamp,
}

impl Log {
    pub(super) fn new(name: &str) -> io::Result<Self> {
        Ok(Self { key: Key::new()?, name: name.to_owned(), entries: Mutex::default() })
    }

    /// Returns what is in the log.
    pub(super) fn bodies(&self) -> Vec<Vec<u8>> {
        lock(&self.entries).iter().map(|entry| entry.body.clone()).collect()
    }

    /// Answers as version 2 does.
    pub(super) fn answer(&self, path: &str, body: &[u8]) -> Answer {
        match path {
            "/api/v2/checkpoint" => Answer { status: 200, headers: Vec::new(), body: self.checkpoint().into_bytes() },
            "/api/v2/log/entries" => match record(body) {
                Some(record) => self.add(record),
                None => failure(400, "the signature does not verify"),
            },
            _ => failure(404, "not found"),
        }
    }

    fn add(&self, body: Vec<u8>) -> Answer {
        let index = self.keep(body.clone(), Timestamp::UNIX_EPOCH).unwrap_or_else(|index| index);
        let (root, path, size) = self.proof(index);
        let entry = json!({
            "logIndex": index.to_string(),
            "logId": { "keyId": BASE64.encode(self.key.identifier()) },
            "kindVersion": { "kind": "hashedrekord", "version": "0.0.2" },
            "integratedTime": "0",
            "inclusionProof": {
                "logIndex": index.to_string(),
                "rootHash": BASE64.encode(root),
                "treeSize": size.to_string(),
                "hashes": path.iter().map(|hash| BASE64.encode(hash)).collect::<Vec<_>>(),
                "checkpoint": { "envelope": self.checkpoint() },
            },
            "canonicalizedBody": BASE64.encode(body),
        });
        json_answer(201, &entry)
    }

    /// Answers as version 1 does.
    pub(super) fn answer_old(&self, path: &str, body: &[u8], now: Timestamp) -> Answer {
        const ENTRIES: &str = "/api/v1/log/entries";
        if path == ENTRIES {
            let Some(body) = old_record(body) else { return failure(400, "the signature does not verify") };
            return match self.keep(body, now) {
                Ok(index) => self.old_entry(201, index),
                Err(index) => {
                    let mut answer = failure(409, "an equivalent entry already exists in the transparency log");
                    answer.headers.push(("location", format!("{ENTRIES}/{}", self.identifier(index))));
                    answer
                }
            };
        }
        let count = lock(&self.entries).len();
        let wanted = path.strip_prefix(ENTRIES).and_then(|rest| rest.strip_prefix('/'));
        match (0..count).find(|index| wanted == Some(&self.identifier(*index))) {
            Some(index) => self.old_entry(200, index),
            None => failure(404, "not found"),
        }
    }

    fn old_entry(&self, status: u16, index: usize) -> Answer {
        let Some(entry) = lock(&self.entries).get(index).cloned() else { return failure(404, "not found") };
        let (root, path, size) = self.proof(index);
        let body = BASE64.encode(&entry.body);
        let number = EARLIER + index;
        let (log, time) = (hex(&self.key.identifier()), entry.time.as_second());
        // What is promised are these four, by name, without spaces (RFC 8785).
        let promised = format!(r#"{{"body":"{body}","integratedTime":{time},"logID":"{log}","logIndex":{number}}}"#);
        let answer = json!({
            "body": body,
            "integratedTime": time,
            "logID": log,
            "logIndex": number,
            "verification": {
                "inclusionProof": {
                    "checkpoint": self.checkpoint(),
                    "hashes": path.iter().map(|hash| hex(hash)).collect::<Vec<_>>(),
                    "logIndex": index,
                    "rootHash": hex(&root),
                    "treeSize": size,
                },
                "signedEntryTimestamp": BASE64.encode(self.key.sign(promised.as_bytes())),
            },
        });
        json_answer(status, &json!({ self.identifier(index): answer }))
    }

    /// Adds what is not there yet, and returns where it is, or else where it was.
    fn keep(&self, body: Vec<u8>, time: Timestamp) -> Result<usize, usize> {
        let mut entries = lock(&self.entries);
        if let Some(known) = entries.iter().position(|entry| entry.body == body) {
            return Err(known);
        }
        entries.push(Entry { body, time });
        Ok(entries.len() - 1)
    }

    fn leaves(&self) -> Vec<[u8; 32]> {
        lock(&self.entries).iter().map(|entry| tree::leaf(&entry.body)).collect()
    }

    fn proof(&self, index: usize) -> ([u8; 32], Vec<[u8; 32]>, usize) {
        let leaves = self.leaves();
        (tree::root(&leaves), tree::path(&leaves, index), leaves.len())
    }

    fn identifier(&self, index: usize) -> String {
        format!("{TREE:016x}{}", hex(&self.leaves()[index]))
    }

    /// Returns the log's signed note of how large the tree is (C2SP `tlog-checkpoint` and `signed-note`).
    fn checkpoint(&self) -> String {
        let leaves = self.leaves();
        let note = format!("{}\n{}\n{}\n", self.name, leaves.len(), BASE64.encode(tree::root(&leaves)));
        let signature = [&self.key.identifier()[..4], &self.key.sign(note.as_bytes())].concat();
        // Version 1 adds the number of the tree to its name, except where it signs.
        let signer = self.name.split(' ').next().unwrap_or_default();
        format!("{note}\n\u{2014} {signer} {}\n", BASE64.encode(signature))
    }
}

fn decoded(value: &Value) -> Option<Vec<u8>> {
    BASE64.decode(value.as_str()?).ok()
}

/// Returns the entry of a signature that verifies, in the form of version 2.
fn record(body: &[u8]) -> Option<Vec<u8>> {
    let request: Value = serde_json::from_slice(body).ok()?;
    let request = &request["hashedRekordRequestV002"];
    let verifier = &request["signature"]["verifier"];
    let certificate = decoded(&verifier["x509Certificate"]["rawBytes"]);
    let key = certificate.and_then(|certificate| public_key(&certificate));
    let key = key.or_else(|| decoded(&verifier["publicKey"]["rawBytes"]))?;
    if !verifies_hash(&key, &decoded(&request["digest"])?, &decoded(&request["signature"]["content"])?) {
        return None;
    }
    let data = json!({ "algorithm": "SHA2_256", "digest": request["digest"] });
    let record = json!({ "hashedRekordV002": { "data": data, "signature": request["signature"] } });
    Some(json!({ "apiVersion": "0.0.2", "kind": "hashedrekord", "spec": record }).to_string().into_bytes())
}

/// Returns the entry of a signature that verifies, in the form of version 1.
fn old_record(body: &[u8]) -> Option<Vec<u8>> {
    let request: Value = serde_json::from_slice(body).ok()?;
    let specification = &request["spec"];
    let canonical = match request["kind"].as_str()? {
        "hashedrekord" => {
            let digest = specification["data"]["hash"]["value"].as_str()?;
            let digest: Option<Vec<u8>> =
                (0..digest.len()).step_by(2).map(|at| u8::from_str_radix(digest.get(at..at + 2)?, 16).ok()).collect();
            let signature = &specification["signature"];
            let (key, verifier) = verifier(&signature["publicKey"]["content"])?;
            if !verifies_hash(&key, &digest?, &decoded(&signature["content"])?) {
                return None;
            }
            let signature = json!({ "content": signature["content"], "publicKey": { "content": verifier } });
            json!({ "data": specification["data"], "signature": signature })
        }
        "dsse" => {
            let text = specification["proposedContent"]["envelope"].as_str()?;
            let (key, verifier) = verifier(&specification["proposedContent"]["verifiers"][0])?;
            let envelope: Value = serde_json::from_str(text).ok()?;
            let (kind, payload) = (envelope["payloadType"].as_str()?, decoded(&envelope["payload"])?);
            let signature = &envelope["signatures"][0]["sig"];
            let message = [format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).as_bytes(), &payload].concat();
            if !key::verifies(&key, &message, &decoded(signature)?) {
                return None;
            }
            json!({
                "envelopeHash": { "algorithm": "sha256", "value": hex(&hash(text.as_bytes())) },
                "payloadHash": { "algorithm": "sha256", "value": hex(&hash(&payload)) },
                "signatures": [{ "signature": signature, "verifier": verifier }],
            })
        }
        _ => return None,
    };
    Some(json!({ "apiVersion": "0.0.1", "kind": request["kind"], "spec": canonical }).to_string().into_bytes())
}

/// Reads a certificate, or a key, that is there as PEM in Base64. Returns the key, and the same in the form that entries have it in.
fn verifier(value: &Value) -> Option<(Vec<u8>, String)> {
    let text = String::from_utf8(decoded(value)?).ok()?;
    let bytes = from_pem(&text)?;
    let label = if text.contains("BEGIN CERTIFICATE") { "CERTIFICATE" } else { "PUBLIC KEY" };
    let written = BASE64.encode(to_pem(label, &bytes));
    Some((if label == "CERTIFICATE" { public_key(&bytes)? } else { bytes }, written))
}
