use super::{Case, Table};
use crate::common::TestEnvironment;
use insta::assert_snapshot;

/// Changes the good lock, which lies beside it.
fn changed(change: impl Fn(&str) -> String + 'static) -> impl Fn(&TestEnvironment) {
    move |environment| {
        let good = environment.read("good.lock");
        let text = change(&good);
        assert_ne!(text, good);
        environment.write("consign.lock", text);
    }
}

fn replaced(from: &'static str, to: &'static str) -> impl Fn(&TestEnvironment) {
    changed(move |good| good.replace(from, to))
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("lock: conflict markers", changed(|good| format!("<<<<<<< HEAD\n{good}"))),
        Case::new("lock: cut off", changed(|good| good[..good.len() / 2].to_owned())),
        Case::new("lock: empty", changed(|_| String::new())),
        Case::new("lock: nested without end", changed(|_| "[".repeat(100_000))),
        Case::new("lock: of a later version", replaced("\"version\": 1", "\"version\": 2")),
        Case::new(
            "lock: a key that is none",
            replaced("\"suite\": \"stable\",", "\"suite\": \"stable\", \"mirror\": \"x\","),
        ),
        Case::new("lock: a path that leaves the archive", replaced("pool/", "../pool/")),
        Case::new("lock: an absolute path", replaced("\"path\":\"pool/", "\"path\":\"/pool/")),
        Case::new(
            "lock: an address for a suite",
            replaced("\"suite\":\"stable\"", "\"suite\":\"https://example.org\""),
        ),
        Case::new(
            "lock: a package twice",
            changed(|good| {
                let line = good.lines().find(|line| line.contains("\"tool\"")).unwrap();
                good.replace(line, &format!("{},\n{line}", line.trim_end_matches(',')))
            }),
        ),
        Case::new("lock: a platform that is none", replaced("\"linux/amd64\"", "\"linux/amd46\"")),
        Case::new("lock: a digest of another length", replaced("\"digest\":\"sha256:", "\"digest\":\"sha512:")),
        Case::new("lock: a size that is negative", replaced("\"size\":", "\"size\":-")),
        Case::new("lock: another image's", replaced("\"hello\"", "\"hallo\"")),
    ]
}

#[test]
fn locks() {
    let table = Table::new();
    let environment = table.packages();
    environment.consign(&["lock"]).expect(0);
    std::fs::rename(environment.path("consign.lock"), environment.path("good.lock")).unwrap();
    let (said, wrong) = table.run(|| &environment, cases());
    assert_snapshot!(said, @r"
    # lock: conflict markers
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: expected value at line 1 column 1
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: cut off
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: EOF while parsing a string at line 9 column 204
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: empty
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: EOF while parsing a value at line 1 column 0
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: nested without end
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: invalid type: sequence, expected u32 at line 1 column 1
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: of a later version
    3 error: consign.lock cannot be used
      caused by: it has version 2, and this consign reads version 1
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a key that is none
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: unknown field `mirror`, expected one of `request`, `base`, `suite`, `packages` at line 6 column 33
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a path that leaves the archive
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: the `path` of the package `base-files` is none that a lock can have
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: an absolute path
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: the `path` of the package `base-files` is none that a lock can have
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: an address for a suite
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: the `suite` of the package `base-files` is none that a lock can have
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a package twice
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: the package `tool` is there twice or not in order
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a platform that is none
    20 error: consign.lock has no packages for `hello` on linux/amd64
    hint: run `consign lock`, look at what it changes, and check it in

    # lock: a digest of another length
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: `sha512:000000000001…` is not a digest: expected `sha256:` and 64, or `sha512:` and 128, lower-case hexadecimal digits at line 9 column 229
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a size that is negative
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: invalid value: integer `-456`, expected u64 at line 9 column 147
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: another image's
    20 error: consign.lock says nothing of the image `hello`
    hint: run `consign lock`, look at what it changes, and check it in
    ");
    assert_eq!(wrong, [""; 0]);
}
