use super::draft::NewFile;
use crate::arguments::CiService;
use serde_json::json;

/// Where a CI takes the program from, until it is published anywhere.
const GITHUB: &str = r#"# Written by `consign init --ci github`.
# Two variables of the repository say where your static binary of consign is: CONSIGN_URL, and CONSIGN_SHA256, what it must hash to.
name: consign
on:
  push:
    branches: [BRANCH]
    tags: ["*"]
  pull_request:
permissions:
  contents: read
  packages: write
jobs:
  consign:
    runs-on: ubuntu-24.04
    env:
      GHCR_USER: ${{ github.actor }}
      GHCR_TOKEN: ${{ secrets.GITHUB_TOKEN }}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          fetch-depth: 0 # which version is the highest, all tags say
          persist-credentials: false
      - name: Install consign
        env:
          CONSIGN_URL: ${{ vars.CONSIGN_URL }}
          CONSIGN_SHA256: ${{ vars.CONSIGN_SHA256 }}
        run: |
          mkdir -p "$HOME/.local/bin"
          curl --fail --silent --show-error --location --output "$HOME/.local/bin/consign" "$CONSIGN_URL"
          echo "$CONSIGN_SHA256  $HOME/.local/bin/consign" | sha256sum --check --strict
          chmod +x "$HOME/.local/bin/consign"
          echo "$HOME/.local/bin" >> "$GITHUB_PATH"
      # Tests need these: emulators for other platforms, and user namespaces.
      # - run: sudo apt-get install --yes qemu-user-static && sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0
      - if: github.event_name == 'pull_request'
        run: consign build
      - if: github.event_name == 'push'
        run: consign release
"#;
const GITLAB: &str = r#"# Written by `consign init --ci gitlab`.
# Two variables of the project say where your static binary of consign is: CONSIGN_URL, and CONSIGN_SHA256, what it must hash to.
consign:
  image: debian:bookworm-slim
  variables:
    GIT_DEPTH: "0" # which version is the highest, all tags say
  before_script:
    - apt-get update && apt-get install --yes --no-install-recommends ca-certificates curl git
    - curl --fail --silent --show-error --location --output /usr/local/bin/consign "$CONSIGN_URL"
    - echo "$CONSIGN_SHA256  /usr/local/bin/consign" | sha256sum --check --strict
    - chmod +x /usr/local/bin/consign
  script:
    - if [ "$CI_PIPELINE_SOURCE" = merge_request_event ]; then consign build; else consign release; fi
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_TAG
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
"#;

/// Returns what runs the release in a CI; `branch` is the one that is released from. JSON's texts are texts in YAML, too, whatever is in a name.
pub(crate) fn workflow(service: CiService, branch: &str) -> NewFile {
    let (path, text) = match service {
        CiService::Github => (".github/workflows/consign.yml", GITHUB.replace("BRANCH", &json!(branch).to_string())),
        CiService::Gitlab => (".gitlab-ci.yml", GITLAB.to_owned()),
    };
    NewFile { path: path.to_owned(), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_a_text_whatever_its_name() {
        for (branch, expected) in [("main", r#"branches: ["main"]"#), ("a]#,\"x", r#"branches: ["a]#,\"x"]"#)] {
            let file = workflow(CiService::Github, branch);
            assert!(file.text.contains(expected), "{}", file.text);
        }
    }
}
