use super::DebError;
use bytes::Bytes;

/// What every `ar` archive begins with (ar(5)).
const MAGIC: &[u8] = b"!<arch>\n";
/// Length of a member's header, in bytes.
const HEADER: usize = 60;
/// Most members that are looked at.
const COUNT_LIMIT: usize = 64;

/// The parts of a package, as slices of it.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) control_name: String,
    pub(super) control: Bytes,
    pub(super) data_name: String,
    pub(super) data: Bytes,
}

/// Reads the outer archive: `debian-binary`, then `control.tar*`, then `data.tar*`; members whose names begin with `_` are passed over.
pub(super) fn read(bytes: &Bytes) -> Result<Members, DebError> {
    if !bytes.starts_with(MAGIC) {
        return Err(DebError::Container { offset: 0, reason: "`!<arch>` is missing" });
    }
    let mut offset = MAGIC.len();
    let mut members = Vec::new();
    while offset < bytes.len() && members.len() < 3 {
        let (name, content, next) = member(bytes, offset)?;
        if !name.starts_with('_') {
            members.push((name, content));
        } else if offset / HEADER > COUNT_LIMIT && content.is_empty() {
            return Err(DebError::Container { offset, reason: "too many members" });
        }
        offset = next;
    }
    let mut members = members.into_iter();
    let (_, format) = members
        .next()
        .filter(|(name, _)| name == "debian-binary")
        .ok_or(DebError::Member { member: "debian-binary" })?;
    if !format.starts_with(b"2.") {
        let version = String::from_utf8_lossy(&format).chars().take(20).collect::<String>().trim().to_owned();
        return Err(DebError::Format { version });
    }
    let mut archive = |member: &'static str| {
        let is_it = |name: &str| name == member || name.strip_prefix(member).is_some_and(|rest| rest.starts_with('.'));
        members.next().filter(|(name, _)| is_it(name)).ok_or(DebError::Member { member })
    };
    let (control_name, control) = archive("control.tar")?;
    let (data_name, data) = archive("data.tar")?;
    Ok(Members { control_name, control, data_name, data })
}

/// Reads the member at an offset: its name, its content and where the next begins.
fn member(bytes: &Bytes, offset: usize) -> Result<(String, Bytes, usize), DebError> {
    let error = |reason| DebError::Container { offset, reason };
    let header = bytes.get(offset..offset + HEADER).ok_or_else(|| error("a member's header is cut off"))?;
    if &header[58..] != b"`\n" {
        return Err(error("a member's header is damaged"));
    }
    let text = |field: &[u8]| std::str::from_utf8(field).map(|text| text.trim_end().to_owned()).ok();
    let name = text(&header[..16]).ok_or_else(|| error("a member's name is not text"))?;
    let size = text(&header[48..58]).filter(|size| size.bytes().all(|byte| byte.is_ascii_digit()));
    let size: usize =
        size.and_then(|size| size.parse().ok()).ok_or_else(|| error("a member's size is not a number"))?;
    let start = offset + HEADER;
    let end = start.checked_add(size).filter(|end| *end <= bytes.len()).ok_or_else(|| error("a member is cut off"))?;
    // Members begin at even offsets.
    Ok((name.strip_suffix('/').unwrap_or(&name).to_owned(), bytes.slice(start..end), end + end % 2))
}
