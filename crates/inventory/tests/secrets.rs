//! Which secrets are found in files and settings, and which texts are none. No secret stands here: each is put together.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{facts, file, package};
use consign_oci::layer::Entry;
use consign_receipt::predicate::SecretPlace;
use md5::{Digest, Md5};
use serde_json::{Value, json};

/// Returns so many letters and digits of which few are the same.
fn letters(count: usize) -> String {
    let alphabet = "k7Rw2TzQ9mXb4LsV6nHd8PyJ3cGf5BtZ1xKqW0vMrNjDhYgUeCpAoSiFu";
    alphabet.chars().cycle().take(count).collect()
}

fn hex(count: usize) -> String {
    "3f9a0c7be15d284660fedb".chars().cycle().take(count).collect()
}

fn capitals(count: usize) -> String {
    "Q7ZX2LKMB4HTR5WVND3C".chars().cycle().take(count).collect()
}

fn pem(label: &str, body: &str) -> String {
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

type Layers = Vec<Vec<Entry>>;

/// The key of Azurite, which its manual has.
const EMULATOR: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Returns the kinds of the secrets of one file.
fn kinds(path: &str, text: &str) -> Vec<String> {
    let found = facts(&[vec![file(path, text)]], &json!({}));
    found.secrets.into_iter().map(|secret| secret.kind).collect()
}

#[test]
fn secrets_are_known_by_their_form() {
    let amazon = format!("AKIA{}", capitals(16).replace(['0', '1', '8', '9'], "A"));
    let secret = format!("{}/{}", letters(20), letters(19));
    let key = format!("{}\n{}", letters(57), letters(57));
    let table: Vec<(&str, String)> = vec![
        ("github-token", format!("export GH=ghp_{}\n", letters(36))),
        ("github-token", format!("\"token\": \"github_pat_{}_{}\"", letters(22), letters(59))),
        ("gitlab-token", format!("glpat-{}", letters(20))),
        ("npm-token", format!("//registry.npmjs.org/:x=npm_{}", letters(36))),
        ("pypi-token", format!("pypi-AgEIcHlwaS5vcmc{}", letters(90))),
        ("rubygems-token", format!("rubygems_{}", hex(48))),
        ("docker-hub-token", format!("dckr_pat_{}", letters(27))),
        ("slack-token", format!("xoxb-{}-{}", hex(12), letters(24))),
        (
            "slack-webhook",
            format!("https://hooks.slack.com/services/T{}/B{}/{}", capitals(8), capitals(8), letters(24)),
        ),
        ("stripe-key", format!("sk_live_{}", letters(24))),
        ("google-api-key", format!("key=AIza{}", letters(35))),
        ("google-oauth-secret", format!("GOCSPX-{}", letters(28))),
        ("anthropic-key", format!("sk-ant-api03-{}", letters(90))),
        ("openai-key", format!("sk-proj-{}", letters(60))),
        ("openai-key", format!("sk-svcacct-{}", letters(60))),
        ("hugging-face-token", format!("hf_{}", letters(34))),
        ("sendgrid-key", format!("SG.{}.{}", letters(22), letters(43))),
        ("digitalocean-token", format!("dop_v1_{}", hex(64))),
        ("shopify-token", format!("shpat_{}", hex(32))),
        ("vault-token", format!("hvs.{}", letters(95))),
        ("databricks-token", format!("dapi{}", hex(32))),
        ("grafana-token", format!("glsa_{}_{}", letters(32), hex(8))),
        ("tailscale-key", format!("tskey-auth-{}", letters(30))),
        ("new-relic-key", format!("NRAK-{}", capitals(27))),
        ("age-key", format!("AGE-SECRET-KEY-1{}", capitals(58))),
        ("aws-access-key", format!("aws_secret_access_key = {secret}\n")),
        ("aws-access-key", format!("\"SecretAccessKey\": \"{secret}\"")),
        ("aws-access-key", format!("id: {amazon}\nother: {secret}\n")),
        ("aws-access-key", format!("id: {}\nother: {secret}\n", amazon.replace("AKIA", "ASIA"))),
        ("azure-storage-key", format!("AccountName=a;AccountKey={}==;", letters(86))),
        ("kubernetes-key", format!("    client-key-data: {}", letters(200))),
        ("kubernetes-key", json!({"user": {"client-key-data": letters(200)}}).to_string()),
        // `app:h7Jq2x`.
        ("docker-login", json!({"auths": {"r.example.org": {"auth": "YXBwOmg3SnEyeA=="}}}).to_string()),
        ("docker-login", json!({"auths": {"r.example.org": {"identitytoken": letters(30)}}}).to_string()),
        ("docker-login", json!({"auths": {"registry.example.org": {"auth": letters(24)}}}).to_string()),
        ("private-key", pem("PRIVATE KEY", &key)),
        ("private-key", pem("RSA PRIVATE KEY", &format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\n{key}"))),
        ("private-key", json!({"private_key": pem("PRIVATE KEY", &key)}).to_string()),
        ("private-key", pem("OPENSSH PRIVATE KEY", &key)),
        ("cosign-key", pem("ENCRYPTED SIGSTORE PRIVATE KEY", &key)),
        ("pgp-private-key", pem("PGP PRIVATE KEY BLOCK", &format!("Version: 1\n\n{key}\n=ab12"))),
    ];
    for (kind, text) in table {
        assert_eq!(kinds("app/settings", &text), [kind], "{kind}");
    }
    for (path, kind, text) in [
        ("root/.npmrc", "npm-login", format!("# a\n//r.example.org/:_authToken={}\n", hex(36))),
        ("root/.netrc", "netrc-login", "machine a login b password h7Jq2\n".to_owned()),
        ("root/.pypirc", "pypi-login", "[pypi]\nusername = a\npassword = h7Jq2x\n".to_owned()),
        ("root/.git-credentials", "git-login", "https://a:h7Jq2x@git.example.org\n".to_owned()),
        ("root/.pgpass", "postgresql-login", "localhost:5432:*:app:h7Jq2x\n".to_owned()),
        ("root/.pgpass", "postgresql-login", "localhost:5432:*:app:$ecret-7Jq\n".to_owned()),
        ("root/.netrc", "netrc-login", "machine a login b password %7Jq2x\n".to_owned()),
        ("usr/local/cargo/credentials.toml", "cargo-login", "[registry]\ntoken = \"h7Jq2x9\"\n".to_owned()),
        ("opt/home/credentials", "cargo-login", "[registries.ours]\ntoken = \"h7Jq2x9\"\n".to_owned()),
        ("root/.cargo/credentials.toml", "cargo-login", "[registry]\ntoken = \"h7Jq2x9\"\n".to_owned()),
    ] {
        assert_eq!(kinds(path, &text), [kind], "{path}");
    }
}

#[test]
fn what_is_no_secret_is_none() {
    let key = format!("{}\n{}", letters(57), letters(57));
    let table = [
        ("a word that goes on", format!("ghp_{}_{}", letters(36), letters(3))),
        ("within a word", format!("xghp_{}", letters(36))),
        ("too short", format!("ghp_{}", letters(35))),
        ("a filler", format!("ghp_{}", "x".repeat(36))),
        ("that of a manual", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
        ("its identifier", format!("AKIAIOSFODNN7EXAMPLE {}", letters(40))),
        ("an identifier alone", format!("AKIA{}", capitals(16))),
        ("a sum", format!("aws_secret_access_key: {}", hex(40))),
        ("a variable", "aws_secret_access_key = ${SECRET}".to_owned()),
        ("a public key", pem("PUBLIC KEY", &key)),
        ("a certificate", pem("CERTIFICATE", &key)),
        ("a frame", pem("PRIVATE KEY", "...")),
        ("a filler of a key", pem("PRIVATE KEY", &"A".repeat(64))),
        ("a text about keys", "it begins with -----BEGIN RSA PRIVATE KEY----- and so on".to_owned()),
        ("a key of an emulator", format!("AccountKey={};", EMULATOR)),
        // `user:password`, `user:` and `:`.
        ("a login of manuals", json!({"auths": {"r.example.org": {"auth": "dXNlcjpwYXNzd29yZA=="}}}).to_string()),
        ("no password", json!({"auths": {"r.example.org": {"auth": "dXNlcjo="}, "a": {"auth": "Og=="}}}).to_string()),
        ("an empty login", json!({"auths": {"r.example.org": {"auth": ""}}}).to_string()),
        ("a word alone", format!("client-key-data {}", letters(200))),
        ("no login", json!({"auths": {"registry.example.org": {}}}).to_string()),
        ("nothing", String::new()),
    ];
    for (what, text) in table {
        assert_eq!(kinds("app/settings", &text), [""; 0], "{what}");
    }
    let token = format!("ghp_{}", letters(36));
    for path in [
        "usr/share/doc/a/README",
        "app/node_modules/a/test/key.pem",
        "usr/lib/python3/site-packages/a/tests/data/key",
        "a/image.png",
        "usr/local/go/src/crypto/tls/testdata/example-key.pem",
        "usr/local/lib/python3.13/test/certdata/keycert.pem",
        "usr/local/lib/erlang/lib/ssl-11/examples/certs/key.pem",
    ] {
        assert_eq!(kinds(path, &token), [""; 0], "{path}");
    }
    assert_eq!(kinds("app/test/key", &token), ["github-token"], "somebody's own test");
    assert_eq!(kinds("go/src/app/testdata/key", &token), ["github-token"], "somebody's own workspace");
    assert_eq!(kinds("app/binary", &format!("\0{token}")), [""; 0]);
    for (path, text) in [
        ("root/.npmrc", "//r.example.org/:_authToken=${NPM_TOKEN}\n"),
        ("root/.netrc", "# machine a login b password h7Jq2\n"),
        ("root/.pypirc", "password = <yours>\n"),
        ("root/.git-credentials", "https://git.example.org\n"),
        ("root/.pgpass", "localhost:5432:*:app:%DB_PASSWORD%\n"),
        ("app/credentials.toml", "[service]\ntoken = \"h7Jq2x9\"\n"),
    ] {
        assert_eq!(kinds(path, text), [""; 0], "{path}");
    }
}

#[test]
fn it_is_said_where_secrets_are_and_never_what() {
    let token = format!("ghp_{}", letters(36));
    let layers = vec![
        vec![
            file("app/.env", &format!("A=b\nB={token}\n")),
            file("app/gone", &token),
            file("usr/lib/a/key", &token),
            file("usr/lib/b/key", &token),
            file("var/lib/dpkg/status", &package("a", "1")),
            file("var/lib/dpkg/info/a.list", "/usr/lib/a/key\n/usr/lib/b/key\n"),
            common::link("lib", "usr/lib"),
        ],
        vec![file("app/.wh.gone", ""), file("lib/b/key", &format!("{token} "))],
    ];
    let history = format!("|2 NPM_TOKEN={} VERSION=1 /bin/sh -c npm ci", letters(20));
    let settings = json!({
        "config": {"Env": ["PATH=/bin", "DB_PASSWORD=h7Jq2x", "DB_PASSWORD_FILE=/run/x", format!("X={token}"), "API_TOKEN=/run/t", "A_SECRET=changeme"]},
        "history": [{"created_by": "COPY a /"}, {"created_by": history}, {"created_by": "/bin/sh -c #(nop)  ENV ADMIN_PASSWORD=h7Jq2x"}],
    });
    let found = facts(&layers, &settings);
    let said: Vec<String> = found.secrets.iter().map(|secret| format!("{} {}", secret.kind, secret.place)).collect();
    let expected = [
        "github-token /app/.env:2",
        "github-token /app/gone:1 of layer 0, hidden by a later one",
        // What a later layer put over a package's file is nobody's.
        "github-token /usr/lib/b/key:1",
        "secret-variable environment DB_PASSWORD",
        "github-token environment X",
        "secret-variable history entry 2",
        "secret-variable history entry 3",
    ];
    assert_eq!(said, expected);
    assert!(matches!(&found.secrets[0].place, SecretPlace::File { layer: 0, hidden: false, .. }));
    let written = serde_json::to_string(&found).unwrap();
    assert!(!written.contains(&letters(6)) && !written.contains("h7Jq2x"), "{written}");
    let read: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(serde_json::from_value::<consign_receipt::predicate::ImageFacts>(read).unwrap(), found);
}

#[test]
fn names_that_hold_secrets_are_not_repeated() {
    let token = format!("ghp_{}", letters(36));
    let elf = consign_testkit::elf::Elf::new("amd64").loader(&format!("/{token}")).build();
    let table: Vec<(&str, Layers, Value)> = vec![
        ("a variable", vec![], json!({"config": {"Env": [format!("{token}=1"), format!("A_{token}"), token.clone()]}})),
        ("a program", vec![], json!({"config": {"Entrypoint": [token]}})),
        (
            "what env starts",
            vec![vec![common::program("usr/bin/env", 0, elf.clone())]],
            json!({"config": {"Entrypoint": ["env", token]}}),
        ),
        ("a loader", vec![vec![common::program("app", 0, elf)]], json!({"config": {"Entrypoint": ["/app"]}})),
        (
            "what a script is for",
            vec![vec![common::program("app", 0, format!("#!/{token}\n"))]],
            json!({"config": {"Entrypoint": ["/app"]}}),
        ),
    ];
    for (what, layers, settings) in table {
        let found = facts(&layers, &settings);
        let written = serde_json::to_string(&found).unwrap();
        assert!(!written.contains(&letters(6)), "{what}: {written}");
        // That there is one is said all the same.
        assert!(written.contains("github-token"), "{what}: {written}");
    }
}

#[test]
fn variables_are_known_by_their_names() {
    for (variable, expected) in [
        ("PGPASSWORD=h7Jq2x", true),
        ("DB_PASS=h7Jq2x", true),
        ("MYSQL_PWD=h7Jq2x", true),
        ("KEY_PASSPHRASE=h7Jq2x", true),
        ("db-password=$ecret7!", true),
        ("DB_PASSWORD=$OTHER_PASSWORD", false),
        ("DB_PASSWORD={{ password }}", false),
        ("PWD=h7Jq2x", false),
        ("OLDPWD=h7Jq2x", false),
        ("COMPASS=h7Jq2x", false),
        ("DB_PASS=/run/secrets/x", false),
    ] {
        let found =
            facts(&[], &json!({"config": {"Env": [variable]}, "history": [{"created_by": format!("ENV {variable}")}]}));
        assert_eq!(found.secrets.len(), if expected { 2 } else { 0 }, "{variable}");
    }
}

#[test]
fn a_package_answers_for_what_it_brought_alone() {
    let token = format!("ghp_{}\n", letters(36));
    let md5 = |text: &str| -> String { Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect() };
    let (status, list) = ("var/lib/dpkg/status", "var/lib/dpkg/info/a.list");
    // A package of a version, with the digest of its file.
    let of = |version: &str, text: &str| {
        let sums = format!("{}  usr/lib/a/key\n", md5(text));
        vec![
            file(status, &package("a", version)),
            file(list, "/usr/lib/a/key\n"),
            file("var/lib/dpkg/info/a.md5sums", &sums),
        ]
    };
    let configured = |text: &str| {
        let fields = format!("Version: 1\nConffiles:\n /etc/key {}\n", md5(text));
        vec![file(status, &package("a", "1").replace("Version: 1\n", &fields)), file(list, "/etc/key\n")]
    };
    let key = |text: &str| vec![file("usr/lib/a/key", text)];
    let etc = |text: &str| vec![file("etc/key", text)];
    let gone = || vec![file("usr/lib/a/.wh.key", "")];
    let listed = || of("1", "").into_iter().take(2).collect::<Vec<_>>();
    let table: Vec<(&str, Layers, &[&str])> = vec![
        ("what it brought", vec![[of("1", &token), key(&token)].concat()], &[]),
        ("changed in its layer", vec![[of("1", "text"), key(&token)].concat()], &["/usr/lib/a/key:1"]),
        ("its configuration", vec![[configured(&token), etc(&token)].concat()], &[]),
        ("configured in its layer", vec![[configured("text"), etc(&token)].concat()], &["/etc/key:1"]),
        ("a newer one without", vec![[of("1", &token), key(&token)].concat(), [of("2", "b"), key("b")].concat()], &[]),
        ("taken out", vec![[of("1", &token), key(&token)].concat(), gone()], &[]),
        (
            "overwritten and taken out",
            vec![[of("1", "text"), key("text")].concat(), key(&token), gone()],
            &["/usr/lib/a/key:1 of layer 1, hidden by a later one"],
        ),
        (
            "without digests, too",
            vec![[listed(), key("text")].concat(), key(&token), gone()],
            &["/usr/lib/a/key:1 of layer 1, hidden by a later one"],
        ),
        ("what it brought without digests", vec![[listed(), key(&token)].concat(), gone()], &[]),
    ];
    for (what, layers, expected) in table {
        let found = facts(&layers, &json!({})).secrets;
        assert_eq!(found.iter().map(|secret| secret.place.to_string()).collect::<Vec<_>>(), expected, "{what}");
    }
}
