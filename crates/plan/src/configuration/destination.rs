use super::reader::Reader;
use super::tree::{Node, Value, has_user_information};
use super::{Code, Span};
use consign_oci::{Reference, Repository, Tag};

/// Where an image goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The repository.
    pub repository: Repository,
    /// The one tag that it gets there. `None` where the image's tag rules apply.
    pub tag: Option<Tag>,
    /// Where it was written.
    pub span: Span,
}

impl Destination {
    pub(crate) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        if matches!(&node.value, Value::Scalar { text, .. } if has_user_information(text)) {
            let hint = "give them under `registries:` by the names of environment variables, or by `consign login`";
            reader.report_hint(Code::Secret, node.span, "a destination must not hold a user name or password", hint);
            return None;
        }
        let reference = reader.parsed::<Reference>(node, "a destination", Code::Reference)?;
        let Reference { repository, tag, digest } = reference.value;
        if digest.is_some() {
            let hint = "the digest is known only once the image is built; leave `@…` out";
            reader.report_hint(Code::Reference, node.span, "a destination cannot name a digest", hint);
            return None;
        }
        if let Some(tag) = &tag
            && tag.is_about_a_digest()
        {
            report_reserved(reader, tag, node.span);
            return None;
        }
        Some(Self { repository, tag, span: node.span })
    }
}

pub(crate) fn report_reserved(reader: &mut Reader<'_>, tag: &Tag, span: Span) {
    reader.report(Code::Tag, span, format!("the tag `{tag}` is reserved: signatures and attestations have such names"));
}
