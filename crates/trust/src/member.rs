use consign_oci::Digest;
use jiff::Timestamp;
use sigstore_trust_root::TrustedRoot;
use sigstore_trust_root::trusted_root::{CertChain, CertificateSubject, PublicKey};
use sigstore_types::{LogId, TimeRange};

/// What a member of a trusted root does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberKind {
    /// A transparency log, such as Rekor: it has signatures.
    Log,
    /// An authority, such as Fulcio: it issues certificates.
    Authority,
    /// A log of certificates: it has what authorities issued.
    CertificateLog,
    /// A timestamp authority: it says when something was signed.
    TimestampAuthority,
}

impl MemberKind {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Authority => "certificate-authority",
            Self::CertificateLog => "certificate-log",
            Self::TimestampAuthority => "timestamp-authority",
        }
    }
}

/// One who counts by a trusted root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// What it does.
    pub kind: MemberKind,
    /// Its address, or its name.
    pub name: String,
    /// The identity of a log, or the SHA-256 digest of an authority's root certificate: in hexadecimal.
    pub id: String,
    /// The kind of its key, where the file says it.
    pub key: Option<String>,
    /// From when on it counts; always if there is none.
    pub from: Option<Timestamp>,
    /// Until when it counts; ever after if there is none.
    pub until: Option<Timestamp>,
}

/// Lists those who count by a root, in the order of what they do, of their names and of their times.
pub(crate) fn members(root: &TrustedRoot) -> Vec<Member> {
    let logs = root.tlogs.iter().map(|log| of_log(MemberKind::Log, &log.base_url, &log.log_id, &log.public_key));
    let certificate_logs =
        root.ctlogs.iter().map(|log| of_log(MemberKind::CertificateLog, &log.base_url, &log.log_id, &log.public_key));
    let authorities = root.certificate_authorities.iter().map(|authority| {
        of_authority(
            MemberKind::Authority,
            Some(&authority.uri),
            &authority.subject,
            &authority.cert_chain,
            authority.valid_for,
        )
    });
    let timestamp_authorities = root.timestamp_authorities.iter().map(|authority| {
        let kind = MemberKind::TimestampAuthority;
        of_authority(kind, authority.uri.as_deref(), &authority.subject, &authority.cert_chain, authority.valid_for)
    });
    let mut members: Vec<_> = logs.chain(certificate_logs).chain(authorities).chain(timestamp_authorities).collect();
    members.sort();
    members
}

fn of_log(kind: MemberKind, url: &str, id: &LogId, key: &PublicKey) -> Member {
    Member {
        kind,
        name: url.to_owned(),
        id: hex(id.key_id.as_bytes()),
        key: Some(key.key_details.as_str().to_owned()),
        from: key.valid_for.map(|range| range.start),
        until: key.valid_for.and_then(|range| range.end),
    }
}

fn of_authority(
    kind: MemberKind,
    uri: Option<&str>,
    subject: &CertificateSubject,
    chain: &CertChain,
    valid_for: Option<TimeRange>,
) -> Member {
    let names = [uri, subject.common_name.as_deref(), subject.organization.as_deref()];
    let name = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or("-");
    let id = chain.certificates.last().map(|certificate| Digest::of(certificate.raw_bytes.as_bytes()));
    Member {
        kind,
        name: name.to_owned(),
        id: id.map(|id| id.hex().to_owned()).unwrap_or_default(),
        key: None,
        from: valid_for.map(|range| range.start),
        until: valid_for.and_then(|range| range.end),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
