use super::ExportError;
use consign_oci::layer::{Member, MemberKind, NO_ID, member_path};
use std::collections::BTreeMap;
use std::mem;

/// Before the name of a file that lower layers have and this one removes (image-spec, layer.md, "Whiteouts").
const WHITEOUT: &[u8] = b".wh.";
/// In a folder whose contents in lower layers this one removes (image-spec, layer.md, "Opaque Whiteout").
const OPAQUE: &[u8] = b".wh..wh..opq";
/// Before names that storage drivers keep for themselves.
const RESERVED: &[u8] = b".wh..wh.";
/// Links that are followed in one path (Linux's own limit).
const HOP_LIMIT: usize = 40;
/// Folders that may lie in each other. Links can lead deeper than any path of a layer.
const DEPTH_LIMIT: u16 = 1024;
/// Longest target of a symbolic link, in bytes (Linux `PATH_MAX`).
const TARGET_LIMIT: usize = 4096;
/// Most memory that names and what is stated of folders and links may take, in bytes, roughly.
const MEMORY_LIMIT: u64 = 1 << 30;
/// Memory of an entry beside its texts, roughly, in bytes.
const NODE_SIZE: u64 = 160;
/// Most places that are looked at for one image. An image of a million files takes a few million.
const STEP_LIMIT: u64 = 200_000_000;

/// Place of a node in the tree's list.
pub(super) type Id = usize;

/// The folder that all others lie in.
pub(super) const ROOT: Id = 0;

/// What an image's layers make of each other: names, and where the contents of files are.
pub(super) struct Tree {
    nodes: Vec<Node>,
    layer: usize,
    memory: u64,
    steps: u64,
}

pub(super) enum Node {
    Folder(Folder),
    /// A file, the contents of which are those of a member of a layer.
    File(Place),
    /// A link, a pipe or a device.
    Other(Box<Member>),
}

/// A member of a layer, both counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) layer: usize,
    pub(super) member: u64,
}

pub(super) struct Folder {
    pub(super) parent: Id,
    depth: u16,
    pub(super) name: Box<[u8]>,
    /// Its own entry; none where only something in it has one.
    pub(super) stated: Option<Box<Member>>,
    pub(super) children: BTreeMap<Box<[u8]>, Child>,
}

/// What a name in a folder stands for.
pub(super) struct Child {
    pub(super) node: Id,
    /// The layer that made the name: whiteouts hide only those of lower layers.
    layer: usize,
}

/// Why an entry cannot be put into the tree.
pub(super) enum Refusal {
    /// Because of what it is.
    Reason(&'static str),
    /// Because of what it makes too much of.
    Limit(ExportError),
}

impl From<&'static str> for Refusal {
    fn from(reason: &'static str) -> Self {
        Self::Reason(reason)
    }
}

impl Tree {
    pub(super) fn new() -> Self {
        let root = Folder { parent: ROOT, depth: 0, name: Box::default(), stated: None, children: BTreeMap::new() };
        Self { nodes: vec![Node::Folder(root)], layer: 0, memory: 0, steps: 0 }
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    /// Puts a member of a layer into the tree. Layers come in their order, lowest first.
    pub(super) fn put(&mut self, place: Place, member: Member) -> Result<(), Refusal> {
        self.layer = place.layer;
        check(&member)?;
        let path = member_path(&member.path).map_err(|error| error.reason)?;
        if path.is_empty() {
            return match member.kind {
                MemberKind::Directory => self.state(ROOT, member),
                _ => Err("is the root, but no folder".into()),
            };
        }
        let slash = path.iter().rposition(|byte| *byte == b'/');
        let (parent, name) = slash.map_or((&b""[..], &path[..]), |slash| (&path[..slash], &path[slash + 1..]));
        let folder = self.folder(parent, true)?.ok_or("lies in no folder")?;
        if name == OPAQUE {
            return self.hide_children(folder);
        }
        if name.starts_with(RESERVED) {
            return Ok(());
        }
        if let Some(hidden) = name.strip_prefix(WHITEOUT) {
            if matches!(hidden, b"" | b"." | b"..") {
                return Err("is a whiteout of nothing".into());
            }
            return self.hide(folder, hidden);
        }
        match &member.kind {
            MemberKind::Directory => {
                let there = self.child(folder, name).map(|child| child.node);
                let there = there.filter(|id| matches!(self.node(*id), Node::Folder(_)));
                let id = match there {
                    Some(id) => id,
                    None => self.make_folder(folder, name)?,
                };
                self.name(folder, name, id)?;
                self.state(id, member)
            }
            MemberKind::HardLink(target) => {
                let target = member_path(target).map_err(|_| "is a hard link that leads out of the image")?;
                let id = self.file(&target)?.ok_or("is a hard link to what is no file in the image")?;
                self.name(folder, name, id)
            }
            MemberKind::File => {
                let id = self.add(Node::File(place))?;
                self.name(folder, name, id)
            }
            _ => {
                self.remember(stated_size(&member))?;
                let id = self.add(Node::Other(Box::new(member)))?;
                self.name(folder, name, id)
            }
        }
    }

    /// Returns the folder at a normalized path, with links followed inside the image. What is missing is made, or else there is none.
    fn folder(&mut self, path: &[u8], make: bool) -> Result<Option<Id>, Refusal> {
        let mut pending: Vec<Vec<u8>> = path.rsplit(|byte| *byte == b'/').map(<[u8]>::to_vec).collect();
        let (mut at, mut hops) = (ROOT, 0);
        while let Some(part) = pending.pop() {
            self.step(1)?;
            match &part[..] {
                b"" | b"." => continue,
                b".." => {
                    // The root's parent is the root.
                    at = if let Node::Folder(folder) = self.node(at) { folder.parent } else { ROOT };
                    continue;
                }
                _ => {}
            }
            let Some(id) = self.child(at, &part).map(|child| child.node) else {
                if !make {
                    return Ok(None);
                }
                let made = self.make_folder(at, &part)?;
                self.name(at, &part, made)?;
                at = made;
                continue;
            };
            match self.node(id) {
                Node::Folder(_) => at = id,
                Node::Other(member) => {
                    let MemberKind::Symlink(target) = &member.kind else {
                        return if make { Err("lies in something that is no folder".into()) } else { Ok(None) };
                    };
                    hops += 1;
                    if hops > HOP_LIMIT {
                        return if make { Err("lies behind a circle of links".into()) } else { Ok(None) };
                    }
                    if target.starts_with(b"/") {
                        at = ROOT;
                    }
                    pending.extend(target.rsplit(|byte| *byte == b'/').map(<[u8]>::to_vec));
                }
                Node::File(_) if make => return Err("lies in something that is no folder".into()),
                Node::File(_) => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// Returns what stands at a normalized path, unless that is a folder.
    fn file(&mut self, path: &[u8]) -> Result<Option<Id>, Refusal> {
        let slash = path.iter().rposition(|byte| *byte == b'/');
        let (parent, name) = slash.map_or((&b""[..], path), |slash| (&path[..slash], &path[slash + 1..]));
        let Some(folder) = self.folder(parent, false)? else { return Ok(None) };
        let id = self.child(folder, name).map(|child| child.node);
        Ok(id.filter(|id| !matches!(self.node(*id), Node::Folder(_))))
    }

    fn child(&self, folder: Id, name: &[u8]) -> Option<&Child> {
        match self.node(folder) {
            Node::Folder(folder) => folder.children.get(name),
            _ => None,
        }
    }

    fn make_folder(&mut self, parent: Id, name: &[u8]) -> Result<Id, Refusal> {
        let depth = if let Node::Folder(folder) = self.node(parent) { folder.depth + 1 } else { 0 };
        if depth > DEPTH_LIMIT {
            return Err("lies in more than 1024 folders".into());
        }
        self.remember(name.len() as u64)?;
        self.add(Node::Folder(Folder { parent, depth, name: name.into(), stated: None, children: BTreeMap::new() }))
    }

    fn add(&mut self, node: Node) -> Result<Id, Refusal> {
        self.remember(NODE_SIZE)?;
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// Gives a node a name, in place of whatever had it.
    fn name(&mut self, folder: Id, name: &[u8], node: Id) -> Result<(), Refusal> {
        self.remember(name.len() as u64)?;
        let layer = self.layer;
        if let Node::Folder(folder) = &mut self.nodes[folder] {
            folder.children.insert(name.into(), Child { node, layer });
        }
        Ok(())
    }

    fn state(&mut self, id: Id, member: Member) -> Result<(), Refusal> {
        self.remember(stated_size(&member))?;
        if let Node::Folder(folder) = &mut self.nodes[id] {
            folder.stated = Some(Box::new(member));
        }
        Ok(())
    }

    /// Hides what lower layers have at a name.
    fn hide(&mut self, folder: Id, name: &[u8]) -> Result<(), Refusal> {
        let Some(Child { node, layer }) = self.child(folder, name) else { return Ok(()) };
        let (node, of_this_layer) = (*node, *layer == self.layer);
        self.hide_children(node)?;
        if !of_this_layer
            && self.is_empty(node)
            && let Node::Folder(folder) = &mut self.nodes[folder]
        {
            folder.children.remove(name);
        }
        Ok(())
    }

    /// Hides what lower layers have in a folder. Folders of theirs stay where something of this layer lies in them.
    fn hide_children(&mut self, folder: Id) -> Result<(), Refusal> {
        let Node::Folder(emptied) = &mut self.nodes[folder] else { return Ok(()) };
        let mut children = mem::take(&mut emptied.children);
        self.step(children.len() as u64)?;
        // No deeper than folders may lie.
        for child in children.values() {
            self.hide_children(child.node)?;
        }
        children.retain(|_, child| child.layer == self.layer || !self.is_empty(child.node));
        if let Node::Folder(emptied) = &mut self.nodes[folder] {
            emptied.children = children;
        }
        Ok(())
    }

    /// Returns whether nothing lies in it.
    fn is_empty(&self, id: Id) -> bool {
        !matches!(self.node(id), Node::Folder(folder) if !folder.children.is_empty())
    }

    fn remember(&mut self, bytes: u64) -> Result<(), Refusal> {
        self.memory = self.memory.saturating_add(bytes);
        let too_much = ExportError::TooMuch { what: "bytes of names and links", limit: MEMORY_LIMIT };
        if self.memory > MEMORY_LIMIT { Err(Refusal::Limit(too_much)) } else { Ok(()) }
    }

    fn step(&mut self, count: u64) -> Result<(), Refusal> {
        self.steps = self.steps.saturating_add(count);
        let too_much = ExportError::TooMuch { what: "places to look at", limit: STEP_LIMIT };
        if self.steps > STEP_LIMIT { Err(Refusal::Limit(too_much)) } else { Ok(()) }
    }
}

/// Refuses what could not stand in a layer.
fn check(member: &Member) -> Result<(), &'static str> {
    if [member.uid, member.gid].iter().any(|id| u32::try_from(*id).map_or(true, |id| id == NO_ID)) {
        return Err("has an owner that is too large a number");
    }
    match &member.kind {
        MemberKind::SparseFile => Err("is a sparse file"),
        MemberKind::Unknown => Err("is of a kind that layers do not have"),
        MemberKind::Symlink(target) | MemberKind::HardLink(target) if target.is_empty() || target.contains(&0) => {
            Err("is a link without a target")
        }
        MemberKind::Symlink(target) if target.len() > TARGET_LIMIT => {
            Err("is a link to a path of more than 4096 bytes")
        }
        _ => Ok(()),
    }
}

fn stated_size(member: &Member) -> u64 {
    let target = if let MemberKind::Symlink(target) = &member.kind { target.len() } else { 0 };
    let attributes = member.attributes.iter().map(|(name, value)| name.len() + value.len());
    NODE_SIZE + (member.path.len() + target + attributes.sum::<usize>()) as u64
}
