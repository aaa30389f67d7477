use super::Lines;
use super::node::{Node, NodeKind};
use std::collections::BTreeMap;
use std::io::{self, Read};

/// Hides a path of the layers below (image-spec, layer.md, "Whiteouts").
const WHITEOUT: &str = ".wh.";
/// Hides everything in a folder of the layers below (there, "Opaque Whiteout").
const OPAQUE: &str = ".wh..wh..opq";
/// How pax headers name extended attributes.
const ATTRIBUTE: &str = "SCHILY.xattr.";

/// What all layers together make.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: BTreeMap<String, Node>,
    files: usize,
    problems: Vec<String>,
}

struct Member {
    path: String,
    /// The path whose file this is another name of.
    same_as: Option<String>,
    node: Node,
}

impl Tree {
    /// Puts a layer, a tar stream, on top.
    pub(super) fn apply(&mut self, layer: &[u8]) -> Result<(), String> {
        let members = self.read(layer).map_err(|error| error.to_string())?;
        // What is hidden is that of the layers below, wherever in this layer it is said.
        for member in &members {
            let (folder, name) = split(&member.path);
            if name == OPAQUE {
                self.remove_below(folder);
            } else if let Some(hidden) = name.strip_prefix(WHITEOUT) {
                let path = format!("{folder}/{hidden}");
                if self.nodes.remove(&path).is_none() {
                    self.problems.push(format!("{path} is hidden, and is not there"));
                }
                self.remove_below(&path);
            }
        }
        members
            .into_iter()
            .filter(|member| !split(&member.path).1.starts_with(WHITEOUT))
            .try_for_each(|member| self.add(member))
    }

    fn read(&mut self, layer: &[u8]) -> io::Result<Vec<Member>> {
        let mut members = Vec::new();
        for entry in tar::Archive::new(layer).entries()? {
            let mut entry = entry?;
            let path = normal(&entry.path_bytes());
            let header = entry.header();
            let (mode, user, group) = (header.mode()? & 0o7777, header.uid()?, header.gid()?);
            let device = if matches!(header.entry_type(), tar::EntryType::Char | tar::EntryType::Block) {
                (header.device_major()?.unwrap_or_default(), header.device_minor()?.unwrap_or_default())
            } else {
                (0, 0)
            };
            let target = entry.link_name_bytes().map(|target| String::from_utf8_lossy(&target).into_owned());
            let target = target.unwrap_or_default();
            let mut attributes = BTreeMap::new();
            for extension in entry.pax_extensions()?.into_iter().flatten() {
                let extension = extension?;
                if let Some(name) = extension.key().ok().and_then(|key| key.strip_prefix(ATTRIBUTE)) {
                    attributes.insert(name.to_owned(), extension.value_bytes().to_vec());
                }
            }
            let mut same_as = None;
            let kind = match entry.header().entry_type() {
                tar::EntryType::Directory => NodeKind::Folder,
                tar::EntryType::Symlink => NodeKind::Symlink(target),
                tar::EntryType::Char => NodeKind::Character(device.0, device.1),
                tar::EntryType::Block => NodeKind::Block(device.0, device.1),
                tar::EntryType::Fifo => NodeKind::Fifo,
                tar::EntryType::Link => {
                    same_as = Some(normal(target.as_bytes()));
                    NodeKind::Fifo
                }
                _ => {
                    let mut contents = Vec::new();
                    entry.read_to_end(&mut contents)?;
                    self.files += 1;
                    NodeKind::File { contents, number: self.files }
                }
            };
            if path != "/" {
                members.push(Member { path, same_as, node: Node { kind, mode, user, group, attributes } });
            }
        }
        Ok(members)
    }

    fn add(&mut self, member: Member) -> Result<(), String> {
        let Member { path, same_as, node } = member;
        let folders = path.match_indices('/').skip(1).map(|(at, _)| path[..at].to_owned()).collect::<Vec<_>>();
        for folder in folders {
            let found = self.nodes.entry(folder).or_insert_with(Node::unnamed_folder);
            if !found.is_folder() {
                return Err(format!("{path} is in something that is no folder: {found}"));
            }
        }
        let node = match same_as {
            None => node,
            Some(other) => {
                self.nodes.get(&other).cloned().ok_or_else(|| format!("{path} is {other}, which is not there"))?
            }
        };
        if !node.is_folder() {
            self.remove_below(&path);
        }
        self.nodes.insert(path, node);
        Ok(())
    }

    fn remove_below(&mut self, folder: &str) {
        let start = format!("{folder}/");
        self.nodes.retain(|path, _| !path.starts_with(&start));
    }

    /// Returns what no layer should say.
    pub(super) fn problems(&self) -> Vec<String> {
        self.problems.clone()
    }

    /// Returns a line for each path.
    pub(super) fn lines(&self) -> Lines {
        let mut first: BTreeMap<usize, &str> = BTreeMap::new();
        let line = |(path, node): (&'_ String, &'_ Node)| {
            let name = match &node.kind {
                NodeKind::File { number, .. } => *first.entry(*number).or_insert_with(|| self.first_name(*number)),
                _ => path,
            };
            let line = if name == path { node.to_string() } else { format!("{node} = {name}") };
            (path.clone(), line)
        };
        self.nodes.iter().map(line).collect()
    }

    fn first_name(&self, file: usize) -> &str {
        let is = |node: &Node| matches!(node.kind, NodeKind::File { number, .. } if number == file);
        self.nodes.iter().find(|(_, node)| is(node)).map_or("", |(path, _)| path)
    }
}

/// Returns the folder and the name.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Returns a path as it is written in the text: from the root, without a slash at its end.
fn normal(path: &[u8]) -> String {
    let path = String::from_utf8_lossy(path);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(members: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, kind, text) in members {
            let mut header = tar::Header::new_ustar();
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            header.set_path(path).unwrap();
            let is_file = *kind == tar::EntryType::Regular;
            header.set_size(if is_file { text.len() as u64 } else { 0 });
            if !text.is_empty() && !is_file {
                header.set_link_name(text).unwrap();
            }
            header.set_cksum();
            builder.append(&header, if is_file { text.as_bytes() } else { b"" }).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn layers_lie_on_each_other() {
        use tar::EntryType::{Directory, Link, Regular};
        let mut tree = Tree::default();
        tree.apply(&layer(&[
            ("a/", Directory, ""),
            ("a/x", Regular, "1"),
            ("a/y", Link, "a/x"),
            ("b/c", Regular, "2"),
        ]))
        .unwrap();
        let lines = tree.lines();
        assert_eq!(lines["/a/y"], "file 0644 0:0 \"1\" = /a/x");
        assert_eq!(lines["/b"], "folder 0755 0:0");
        tree.apply(&layer(&[("a/.wh.x", Regular, ""), ("b/.wh..wh..opq", Regular, ""), ("b/d", Regular, "3")]))
            .unwrap();
        assert_eq!(tree.lines().keys().collect::<Vec<_>>(), ["/a", "/a/y", "/b", "/b/d"]);
        assert!(tree.problems().is_empty());
        tree.apply(&layer(&[(".wh.z", Regular, ""), ("a", Regular, "4")])).unwrap();
        assert_eq!(tree.lines().keys().collect::<Vec<_>>(), ["/a", "/b", "/b/d"]);
        assert_eq!(tree.problems(), ["/z is hidden, and is not there"]);
        assert!(tree.apply(&layer(&[("a/b", Regular, "")])).is_err());
    }
}
