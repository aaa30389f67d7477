use crate::TransferError;
use crate::copier::Copier;
use consign_image::Sink;
use consign_oci::{Descriptor, Digest, ReferenceError, Tag};

/// Names for images whose names others take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The tag, with `{tag}`, `{digest}` (its first twelve digits), `{date}` and `{time}` in it.
    pub template: String,
    /// What stands for `{date}`.
    pub date: String,
    /// What stands for `{time}`.
    pub time: String,
}

impl Backup {
    /// Returns the name for an image that had this tag.
    pub(crate) fn tag(&self, tag: &Tag, digest: &Digest) -> Result<Tag, ReferenceError> {
        let digest = digest.hex().get(..12).unwrap_or_default();
        let text = self.template.replace("{tag}", tag.as_str()).replace("{digest}", digest);
        text.replace("{date}", &self.date).replace("{time}", &self.time).parse()
    }

    /// Returns whether a tag may be one that this has made for another: whatever stands for the placeholders.
    pub(crate) fn may_have_made(&self, tag: &Tag) -> bool {
        let mut pieces = vec![self.template.as_str()];
        for placeholder in ["{tag}", "{digest}", "{date}", "{time}"] {
            pieces = pieces.into_iter().flat_map(|piece| piece.split(placeholder)).collect();
        }
        let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return false };
        let Some(mut rest) = tag.as_str().strip_prefix(first) else { return false };
        for piece in &pieces[1..] {
            match rest.split_once(piece) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        tag.as_str().ends_with(last)
    }
}

impl Copier<'_> {
    /// Keeps what a name names under another, if that is wanted.
    pub(crate) async fn keep(&self, sink: &Sink, before: &Descriptor) -> Result<Option<Tag>, TransferError> {
        let (Some(backup), Some(tag)) = (&self.options.backup, sink.tag()) else { return Ok(None) };
        let failed = |problem: &str| TransferError::Backup {
            name: sink.describe(),
            backup: backup.template.clone(),
            problem: problem.to_owned(),
        };
        let name = backup.tag(&tag, &before.digest).map_err(|error| failed(&error.to_string()))?;
        let place = sink.with_tag(&name).ok_or_else(|| failed("there is one name only"))?;
        match place.before().await? {
            Some(there) if there.digest == before.digest => return Ok(Some(name)),
            Some(_) => {
                let problem = format!(
                    "{name} names another image already: `{{digest}}` or `{{time}}` in it makes it another name"
                );
                return Err(failed(&problem));
            }
            None => {}
        }
        if !self.options.dry_run {
            let document = sink.document(before).await.ok_or_else(|| failed("what it names cannot be read"))?;
            place.name(&document, &[]).await?;
        }
        Ok(Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backups_have_names_of_their_own() {
        let backup =
            |template: &str| Backup { template: template.to_owned(), date: "20261122".into(), time: "1200".into() };
        let (tag, digest) = ("1.2".parse().unwrap(), Digest::of(b""));
        let name = backup("{tag}-until-{date}.{time}-{digest}").tag(&tag, &digest).unwrap();
        assert_eq!(name.to_string(), "1.2-until-20261122.1200-e3b0c44298fc");
        assert!(backup("{tag}-").tag(&"x".repeat(128).parse().unwrap(), &digest).is_err());
        for (template, tag, expected) in [
            ("{tag}-until-{date}", "1.2-until-20250101", true),
            ("{tag}-until-{date}", "1.2", false),
            ("old-{tag}", "old-1", true),
            ("old-{tag}", "new-1", false),
            ("{tag}.old", "1.old", true),
            ("{tag}.old", "1.old.2", false),
        ] {
            assert_eq!(backup(template).may_have_made(&tag.parse().unwrap()), expected, "{template} {tag}");
        }
    }
}
