//! Publishes whom to trust, and whom to ask (The Update Framework 1.0, `tuf-spec.md`): all roles are one key's, and each root has another.

use super::answer::{Answer, failure};
use super::key::{Key, hash, hex};
use super::{State, lock, trust};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

/// How many roots there can be, one after the other.
const ROOTS: usize = 3;

/// Whose signatures a repository has, and what it says.
pub(super) struct Updates {
    keys: Vec<Key>,
    stranger: Key,
    pub(super) published: Mutex<Published>,
}

/// What a repository says.
#[derive(Clone, Debug)]
pub struct Published {
    /// How many roots there are. Each is signed by the key of the one before it, too. At most 3.
    pub roots: usize,
    /// The version of timestamp, snapshot and targets.
    pub version: u64,
    /// Until when the timestamp holds.
    pub expires: Timestamp,
    /// Which version of the log the signing configuration names; without one, there is none.
    pub log_version: Option<u32>,
    /// A file that a stranger signs in place of whom it should be, such as `timestamp.json`.
    pub forged: Option<&'static str>,
    /// What is answered for a path that ends so; without bytes, nothing is there.
    pub instead: BTreeMap<String, Option<Vec<u8>>>,
}

impl Updates {
    pub(super) fn new(now: Timestamp) -> io::Result<Self> {
        let published = Published {
            roots: 1,
            version: 1,
            expires: now + SignedDuration::from_hours(24),
            log_version: Some(2),
            forged: None,
            instead: BTreeMap::new(),
        };
        let keys = (0..ROOTS).map(|_| Key::new()).collect::<io::Result<_>>()?;
        Ok(Self { keys, stranger: Key::new()?, published: Mutex::new(published) })
    }

    fn root(&self, version: usize, started: Timestamp) -> Vec<u8> {
        let (Some(key), before) = (self.keys.get(version - 1), self.keys.get(version.wrapping_sub(2))) else {
            return Vec::new();
        };
        let role = json!({ "keyids": [identifier(key)], "threshold": 1 });
        let signed = json!({
            "_type": "root",
            "spec_version": "1.0.31",
            "version": version,
            "expires": time(started + SignedDuration::from_hours(24 * 365)),
            "consistent_snapshot": true,
            "keys": { identifier(key): public(key) },
            "roles": { "root": role, "timestamp": role, "snapshot": role, "targets": role },
        });
        let before = match lock(&self.published).forged {
            Some(file) if file == format!("{version}.root.json") => before.map(|_| &self.stranger),
            _ => before,
        };
        document(signed, &[Some(key), before].into_iter().flatten().collect::<Vec<_>>())
    }

    /// Signs what one of the other roles says.
    fn sign(&self, file: &str, signed: Value) -> Vec<u8> {
        let published = lock(&self.published);
        let key = match published.forged == Some(file) {
            true => Some(&self.stranger),
            false => self.keys.get(published.roots - 1),
        };
        document(signed, &key.into_iter().collect::<Vec<_>>())
    }
}

/// Returns the first root, by which all that follow are known.
pub(super) fn first_root(state: &State) -> Vec<u8> {
    state.updates.root(1, state.started)
}

pub(super) fn answer(state: &State, path: &str) -> Answer {
    let published = lock(&state.updates.published).clone();
    let instead = published.instead.iter().find(|(end, _)| path.ends_with(*end));
    match instead.map_or_else(|| files(state, &published).remove(path), |(_, bytes)| bytes.clone()) {
        Some(body) => Answer { status: 200, headers: Vec::new(), body },
        None => failure(404, "not found"),
    }
}

/// Returns all files, by their paths.
fn files(state: &State, published: &Published) -> BTreeMap<String, Vec<u8>> {
    let version = published.version;
    let common = |kind: &str, expires: Timestamp| json!({ "_type": kind, "spec_version": "1.0.31", "version": version, "expires": time(expires) });
    let with = |mut signed: Value, key: &str, value: Value| {
        signed[key] = value;
        signed
    };
    let year = state.started + SignedDuration::from_hours(24 * 365);
    let root = trust::trusted_root(state).to_string().into_bytes();
    let list = published.log_version.map(|version| trust::signing_config(state, version).to_string().into_bytes());
    let targets = [("trusted_root.json", Some(root)), ("signing_config.v0.2.json", list)];
    let targets: Vec<_> = targets.into_iter().filter_map(|(name, bytes)| Some((name, bytes?))).collect();
    let listed = targets.iter().map(|(name, bytes)| ((*name).to_owned(), pinned(bytes, None))).collect::<Map<_, _>>();
    let listed = state.updates.sign("targets.json", with(common("targets", year), "targets", listed.into()));
    let meta = json!({ "targets.json": pinned(&listed, Some(version)) });
    let snapshot = state.updates.sign("snapshot.json", with(common("snapshot", year), "meta", meta));
    let meta = json!({ "snapshot.json": pinned(&snapshot, Some(version)) });
    let timestamp = state.updates.sign("timestamp.json", with(common("timestamp", published.expires), "meta", meta));
    let mut files = BTreeMap::from([
        ("/timestamp.json".to_owned(), timestamp),
        (format!("/{version}.snapshot.json"), snapshot),
        (format!("/{version}.targets.json"), listed),
    ]);
    let roots =
        (1..=published.roots).map(|root| (format!("/{root}.root.json"), state.updates.root(root, state.started)));
    files.extend(roots);
    files.extend(targets.into_iter().map(|(name, bytes)| (format!("/targets/{}.{name}", hex(&hash(&bytes))), bytes)));
    files
}

/// Returns by what a file is known in another.
fn pinned(bytes: &[u8], version: Option<u64>) -> Value {
    let mut pinned = json!({ "length": bytes.len(), "hashes": { "sha256": hex(&hash(bytes)) } });
    if let Some(version) = version {
        pinned["version"] = version.into();
    }
    pinned
}

fn document(signed: Value, keys: &[&Key]) -> Vec<u8> {
    let bytes = canonical(&signed);
    let signatures =
        keys.iter().map(|key| json!({ "keyid": identifier(key), "sig": hex(&key.sign(bytes.as_bytes())) }));
    let signatures = signatures.collect::<Vec<_>>();
    json!({ "signed": signed, "signatures": signatures }).to_string().into_bytes()
}

fn public(key: &Key) -> Value {
    let text = BASE64.encode(&key.public);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n");
    json!({ "keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": { "public": pem } })
}

fn identifier(key: &Key) -> String {
    hex(&hash(canonical(&public(key)).as_bytes()))
}

/// Writes what signatures are over: sorted keys, no space, and in texts only two characters with a backslash before them (canonical JSON of OLPC).
fn canonical(value: &Value) -> String {
    let text = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    match value {
        Value::String(string) => text(string),
        Value::Array(all) => format!("[{}]", all.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(all) => {
            let sorted: BTreeMap<_, _> = all.iter().collect();
            let members = sorted.into_iter().map(|(key, value)| format!("{}:{}", text(key), canonical(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
