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
        Case::new("lock: of a later version", replaced("\"version\": 2", "\"version\": 3")),
        Case::new(
            "lock: a key that is none",
            replaced("\"suite\": \"stable\",", "\"suite\": \"stable\", \"mirror\": \"x\","),
        ),
        Case::new("lock: a path that leaves the archive", replaced("pool/", "../pool/")),
        Case::new("lock: an absolute path", replaced("\"path\":\"pool/", "\"path\":\"/pool/")),
        Case::new("lock: a path with signs in disguise", replaced("pool/", "%2e%2e/pool/")),
        Case::new(
            "lock: an architecture that is none",
            replaced("\"architecture\":\"all\"", "\"architecture\":\"../all\""),
        ),
        Case::new("lock: a package's URL that is another's", replaced("/base-files@", "/base-fails@")),
        Case::new("lock: a package's URL that is an address", replaced("pkg:deb/debian/", "https://example.org/")),
        Case::new(
            "lock: a platform twice",
            changed(|good| {
                let packages = &good[good.find("        \"linux/amd64\"").unwrap()..good.rfind("\n      }").unwrap()];
                good.replacen(packages, &format!("{packages},\n{packages}"), 1)
            }),
        ),
        Case::new(
            "lock: a platform without packages",
            changed(|good| format!("{}[]{}", &good[..good.find('[').unwrap()], &good[good.rfind(']').unwrap() + 1..])),
        ),
        Case::new("lock: a package that was taken out", |environment| {
            let good = environment.read("good.lock");
            let line = good.lines().find(|line| line.contains("\"base-files\"")).unwrap();
            environment.write("consign.lock", good.replace(&format!("{line}\n"), ""));
        }),
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
    assert_snapshot!(said, @"
    # lock: conflict markers
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: expected value at line 1 column 1
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: cut off
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: EOF while parsing a string at line 10 column 159
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
      caused by: it has version 3, and this consign reads version 2
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a key that is none
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: unknown field `mirror`, expected one of `request`, `digest`, `base`, `images`, `suite`, `packages` at line 7 column 33
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a path that leaves the archive
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: the `path` of the package `base-files` is none that a lock can have
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: an absolute path
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: the `path` of the package `base-files` is none that a lock can have
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a path with signs in disguise
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: the `path` of the package `base-files` is none that a lock can have
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: an architecture that is none
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: the `architecture` of the package `base-files` is none that a lock can have
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a package's URL that is another's
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: the `url` of the package `base-files` is none that a lock can have
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a package's URL that is an address
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: the `url` of the package `base-files` is none that a lock can have
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a platform twice
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: `linux/amd64` is there twice at line 17 column 7
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a platform without packages
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: there are no packages
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a package that was taken out
    20 error: consign.lock is not what `consign lock` wrote for `hello`: a merge, or somebody, changed it
    hint: run `consign lock`, look at what it changes, and check it in

    # lock: an address for a suite
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: the `suite` of the package `base-files` is none that a lock can have
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a package twice
    3 error: consign.lock cannot be used
      caused by: image `hello`, linux/amd64: the package `tool` is there twice or not in order
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a platform that is none
    20 error: consign.lock is not what `consign lock` wrote for `hello`: a merge, or somebody, changed it
    hint: run `consign lock`, look at what it changes, and check it in

    # lock: a digest of another length
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: `sha512:000000000001…` is not a digest: expected `sha256:` and 64, or `sha512:` and 128, lower-case hexadecimal digits at line 10 column 229
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: a size that is negative
    3 error: consign.lock cannot be used
      caused by: it is not a lock
      caused by: invalid value: integer `-456`, expected u64 at line 10 column 147
    hint: take it from your version control again; or delete it, and `consign lock` makes a new one

    # lock: another image's
    20 error: consign.lock says nothing of the image `hello`
    hint: run `consign lock`, look at what it changes, and check it in
    ");
    assert_eq!(wrong, [""; 0]);
}
