//! A configuration with most of what one can have, for several tests.

pub(crate) const WHOLE: &str = r#"
version: 1
build:
  - name: hello
    source: ./image.yaml
    destination: [localhost:5000/team/hello, "localhost:5000/team/hello:edge", ghcr.io/team/hello]
    platforms: [linux/amd64, linux/arm64]
    tests:
      - name: configuration
        command: [/usr/sbin/nginx, -t]
        user: www-data
        environment: { LANG: C, COUNT: 1.10 }
        timeout: 1m30s
        expect: { exit: 1, output: syntax is ok }
      - command: /bin/sh -c 'echo "a  b"'
        platforms: [linux/arm64]
    annotations: { org.opencontainers.image.title: hello }
  - source: tools/tool.yaml
    destinations: ghcr.io/team/tool
    tags: [latest, 1.10, "1"]
policy:
  require: [completeness, sbom]
signing:
  key: env://SIGNING_KEY
registries:
  localhost:5000: { serve: ./registry }
  ghcr.io:
    username: { env: GHCR_USER }
    password: { env: GHCR_TOKEN }
  123456789012.dkr.ecr.eu-central-1.amazonaws.com:
    ecr:
      role: arn:aws:iam::123456789012:role/push
      create: true
      encryption: alias/images
      immutable-tags: true
      mutable-tags: [latest, "*-dev"]
      scan-on-push: false
      resource-tags: { team: web, cost-center: "" }
      lifecycle-policy: keep.json
  registry.example.org:
    ecr:
      region: eu-central-1
      endpoint: https://ecr.example.org
      audience: example
      lifecycle-policy: '{"rules": []}'
debian:
  mirrors:
    - uri: https://example.org/debian
      suites: [bookworm, bookworm-updates]
      signed-by: keys/archive.pgp
"#;
