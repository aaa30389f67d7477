use crate::common::TestEnvironment;
use insta::assert_snapshot;

#[test]
fn says_what_a_code_means() {
    let environment = TestEnvironment::new();
    assert_snapshot!(environment.consign(&["explain", "11"]), @"
    status 0
    --- stdout
    11: the gate closed: the policy is not met

    A usual cause:
      A platform is missing, or lacks something that the policy requires.

    What to do:
      Each reason is listed. Nothing was written to any registry. The reasons are explained by name: `consign explain missing-receipt`.
    ");
    assert_snapshot!(environment.consign(&["explain", "c018"]), @"
    status 0
    --- stdout
    C018: tags are to come from git, and there is no git repository with a commit

    A usual cause:
      An image without tags of its own, in a folder that is not under git, or before the first commit.

    What to do:
      Make a commit, or write the tags: `tags: [1.2.3]`, or `destination: registry/repository:tag`.
    ");
    let topic = environment.consign(&["explain", "trial-failed", "--output", "json"]).expect(0).json();
    assert_eq!(topic["meaning"], "a trial of the image failed");
}

#[test]
fn lists_all_codes() {
    let environment = TestEnvironment::new();
    let list = environment.consign(&["explain"]).expect(0).stdout;
    for line in [
        "Exit codes\n  0                   done\n",
        "\n  130                 interrupted\n",
        "\n  C019                a file that the configuration names and that cannot be read\n",
        "\n  missing-platform    a platform was planned, but not built\n",
    ] {
        assert!(list.contains(line), "{list}");
    }
    assert_snapshot!(environment.consign(&["explain", "C999"]), @"
    status 2
    --- stderr
    error: there is no code `C999`
    hint: `consign explain` lists them
    ");
}

/// Every code that an error shows can be looked up.
#[test]
fn codes_that_are_shown_are_known() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "source:", "sorce:");
    let run = environment.consign(&["check", "--output", "json"]).expect(3).json();
    let code = run["error"]["diagnostics"][0]["code"].as_str().unwrap().to_owned();
    environment.consign(&["explain", &code]).expect(0);
    environment.consign(&["explain", &run["error"]["code"].to_string()]).expect(0);
}
