//! Tests of an image, and the policy.

use crate::refused_after_image;

#[test]
fn bad_tests() {
    let text = r#"    tests:
      - comand: [/bin/true]
      - command: []
      - command: 'echo "x'
      - command: curl -s localhost | grep ok
      - command: [/bin/true]
        timeout: 90
      - command: [/bin/false]
        timeout: 2h
        expect: { exit: 256, outptu: x }
"#;
    insta::assert_snapshot!(refused_after_image(text), @r#"
    error[C003]: unknown key `comand` in a test
     --> consign.yaml:5:9
      |
    5 |       - comand: [/bin/true]
      |         ^^^^^^
      |
      = hint: did you mean `command`?

    error[C017]: the command names no program
     --> consign.yaml:6:18
      |
    6 |       - command: []
      |                  ^

    error[C017]: a quotation mark of the command is not closed
     --> consign.yaml:7:18
      |
    7 |       - command: 'echo "x'
      |                  ^^^^^^^^^

    error[C017]: `|` needs a shell, and commands are run without one
     --> consign.yaml:8:18
      |
    8 |       - command: curl -s localhost | grep ok
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: write `command: [/bin/sh, -c, "…"]`, if the image has a shell

    error[C011]: `90` is not a length of time
      --> consign.yaml:10:18
       |
    10 |         timeout: 90
       |                  ^^
       |
       = hint: write a number and a unit, such as `30s`, `5m` or `1h`

    error[C011]: the timeout of a test is from 1 second to 1 hour
      --> consign.yaml:12:18
       |
    12 |         timeout: 2h
       |                  ^^

    error[C005]: `exit` must be a whole number from 0 to 255, not `256`
      --> consign.yaml:13:25
       |
    13 |         expect: { exit: 256, outptu: x }
       |                         ^^^

    error[C003]: unknown key `outptu` in `expect`
      --> consign.yaml:13:30
       |
    13 |         expect: { exit: 256, outptu: x }
       |                              ^^^^^^
       |
       = hint: did you mean `output`?
    "#);
}

#[test]
fn two_tests_of_one_name() {
    let text = r#"    tests:
      - command: nginx -t
      - command: [nginx, -t]
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C014]: two tests are called `nginx -t`
     --> consign.yaml:6:19
      |
    6 |       - command: [nginx, -t]
      |                   ^^^^^
      |
      = hint: give one of them another `name:`
    ");
}

#[test]
fn a_policy_of_nothing() {
    let text = r#"policy:
  require: []
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C012]: `require` lists nothing
     --> consign.yaml:5:12
      |
    5 |   require: []
      |            ^
      |
      = hint: an empty policy would not mean that everything passes; leave it out for the default
    ");
}

#[test]
fn bad_requirements() {
    let text = r#"policy:
  require: [sbom, provenence, luck]
  maximum-age: 30d
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C012]: `provenence` is not something to require
     --> consign.yaml:5:19
      |
    5 |   require: [sbom, provenence, luck]
      |                   ^^^^^^^^^^
      |
      = hint: did you mean `provenance`?

    error[C012]: `luck` is not something to require
     --> consign.yaml:5:31
      |
    5 |   require: [sbom, provenence, luck]
      |                               ^^^^
      |
      = hint: a policy can require `completeness`, `provenance`, `sbom`, `trials`, `advisories` and `image-facts`

    error[C007]: `maximum-age` is not supported by this version
     --> consign.yaml:6:3
      |
    6 |   maximum-age: 30d
      |   ^^^^^^^^^^^
    ");
}
