//! What commands change, and what of it is packed.

use super::tar::{Entry, layer, listed};
use super::{Stack, base, file};
use crate::Fixture;
use consign_sandbox::{Host, Ids, Mount, MountKind, PackOptions, Root, User};
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;

pub(super) fn packs_what_changed(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base(), &[Entry::file("etc/more", "m"), Entry::file(".wh.plain", "")]]);
    let (text, changed) = stack.run(&[
        "change",
        "remove /etc/gone",
        "append /etc/motd !",
        "remove-all /data/sub",
        "folder /data/sub",
        "write /data/sub/new n",
        "remove-all /old",
        "write /old o",
        "write /plain again",
        "folder /fresh/deep",
        "mode /fresh 2750",
        "write /fresh/one 1",
        "link /fresh/two /fresh/one",
        "symlink /fresh/to a//b",
        "attribute /fresh/one user.note xNULy",
        "capability /fresh/one",
        "fifo /fresh/pipe",
        "socket /fresh/socket",
        "time /fresh/deep 9999",
        "mode /fresh/one 4711",
        "write /tmp/x x",
        "device /tmp/zero",
    ]);
    assert_eq!(text, "device /tmp/zero: PermissionDenied\n");
    let capability =
        r"security.capability=\x01\x00\x00\x02\x00 \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    assert_eq!(
        changed,
        [
            "data/ 700 0:0 folder",
            "data/sub/ 755 0:0 folder",
            "data/sub/.wh..wh..opq 600 0:0 file",
            "data/sub/new 644 0:0 file n",
            "etc/ 755 0:0 folder",
            "etc/.wh.gone 600 0:0 file",
            "etc/motd 644 0:0 file hello!",
            "fresh/ 2750 0:0 folder",
            "fresh/deep/ 755 0:0 folder",
            &format!("fresh/one 4711 0:0 file 1 {capability} user.note=x\\x00y"),
            "fresh/pipe 644 0:0 fifo",
            "fresh/to 777 0:0 symlink a//b",
            "fresh/two 4711 0:0 link fresh/one",
            "old 644 0:0 file o",
            "plain 644 0:0 file again",
            "tmp/ 1777 0:0 folder",
            "tmp/x 644 0:0 file x",
        ]
    );
}

pub(super) fn leaves_no_trace(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&[Entry::folder("./"), Entry::folder("etc/").mode(0o711)]]);
    let (mut command, upper) = stack.probe(&["show", "/etc", "/", "/deep/er", "/etc/resolv.conf"]);
    command.mounts.push(file("/etc/resolv.conf", "nameserver", 0o440));
    command.mounts.push(Mount::temporary("/deep/er"));
    command.mounts.push(file("/deep/er/file", "inside", 0o440));
    command.mounts.push(Mount { target: "/sys".to_owned(), kind: MountKind::System, read_only: true });
    let expected = "/etc 711 0:0 folder resolv.conf\n/ 755 0:0 folder deep,dev,etc,probe,proc,sys\n\
                    /deep/er 1777 0:0 folder file\n/etc/resolv.conf 440 0:0 file nameserver\n";
    assert_eq!(fixture.text(&command), expected);
    assert_eq!(listed(&stack.pack(&upper).1), Vec::<String>::new());

    let points = fixture.output(&["mount-points"]);
    let twice = points.lines().filter(|point| *point == "/").count();
    assert_eq!(twice, 1, "{points}");
}

pub(super) fn packs_what_was_unpacked(fixture: &Fixture) {
    let lower = [Entry::folder("kept/"), Entry::folder("gone/"), Entry::file("gone/x", "x")];
    let upper = [
        Entry::file("kept/one", "1").mode(0o4755).attribute("user.note", b"\0=z").attribute("trusted.no", b"1"),
        Entry::hard_link("kept/two", "kept/one"),
        Entry::file("gone/.wh..wh..opq", ""),
        Entry::file(".wh.file", ""),
        Entry::folder("twice/"),
        Entry::file("twice/lost", ""),
        Entry::file("twice", "as a file"),
        Entry::file("again", "1"),
        Entry::file("again", "2"),
        Entry::file("turned", "1"),
        Entry::folder("turned/").mode(0o1700),
        Entry::new(::tar::EntryType::Char, "device", ""),
        Entry::new(::tar::EntryType::Fifo, "pipe", ""),
        Entry::file(".wh.back", ""),
        Entry::folder("back/"),
        Entry::symlink("to", "../../etc/passwd"),
        Entry::file("to-kept/../x", "").mode(0),
    ];
    let mut stack = Stack::of(fixture, &[&lower]);
    let unpacked = stack.add(&layer(&upper[..16])).unwrap();
    assert_eq!((unpacked.entries, unpacked.devices, unpacked.attributes), (16, 1, 1));
    let (packed, bytes) = {
        let folder = stack.lower.pop().unwrap();
        stack.pack(&folder)
    };
    assert_eq!(
        listed(&bytes),
        [
            ".wh.file 600 0:0 file",
            "again 644 0:0 file 2",
            "back/ 755 0:0 folder",
            "gone/ 755 0:0 folder",
            "gone/.wh..wh..opq 600 0:0 file",
            "kept/ 755 0:0 folder",
            r"kept/one 4755 0:0 file 1 user.note=\x00=z",
            "kept/two 4755 0:0 link kept/one",
            "pipe 644 0:0 fifo",
            "to 777 0:0 symlink ../../etc/passwd",
            "turned/ 1700 0:0 folder",
            "twice 644 0:0 file as a file",
        ]
    );
    assert_eq!(packed.entries, 12);
}

pub(super) fn takes_looks_from_below(fixture: &Fixture) {
    let lower = [Entry::folder("./").mode(0o711), Entry::folder("a/").mode(0o1750), Entry::folder("a/b/").mode(0o500)];
    let mut stack = Stack::of(fixture, &[&lower, &[Entry::file("a/b/c", "x"), Entry::file("new/d", "y")]]);
    let (text, _) = stack.run(&["show", "/a", "/a/b", "/new"]);
    assert_eq!(text, "/a 1750 0:0 folder b\n/a/b 500 0:0 folder c\n/new 755 0:0 folder d\n");
    let unpacked = fs::metadata(&stack.lower[1]).unwrap();
    assert_eq!(unpacked.permissions().mode() & 0o7777, 0o711);
}

pub(super) fn keeps_owners(fixture: &Fixture) {
    let entries = [
        Entry::folder("./"),
        Entry::folder("home/").owner(1000, 1001),
        Entry::file("home/mine", "m").owner(1000, 1001).mode(0o640),
        Entry::file("home/other", "o"),
    ];
    let mut stack = Stack::of(fixture, &[&entries]);
    let (text, changed) = stack.run(&["change", "append /home/mine !", "owner /home/other 7 8"]);
    if fixture.sandbox().ids() == Ids::Single {
        // Noted, and kept for what is copied up; but nothing can be given away.
        assert_eq!(text, "owner /home/other 7 8: InvalidInput\n");
        assert_eq!(changed, ["home/ 755 1000:1001 folder", "home/mine 640 1000:1001 file m!"]);
        let (mut command, _) = stack.probe(&["exit", "0"]);
        command.user = User { uid: 1000, gid: 1001, groups: Vec::new() };
        let error = fixture.try_run(&command).unwrap_err();
        assert!(error.to_string().contains("install the package `uidmap`"), "{error}");
        return;
    }
    assert_eq!(text, "");
    assert_eq!(changed, ["home/ 755 1000:1001 folder", "home/mine 640 1000:1001 file m!", "home/other 644 7:8 file o"]);
    let (mut command, upper) = stack.probe(&["change", "write /home/new n", "append /home/other !"]);
    command.user = User { uid: 1000, gid: 1001, groups: vec![5] };
    assert_eq!(fixture.text(&command), "append /home/other !: PermissionDenied\n");
    assert_eq!(listed(&stack.pack(&upper).1), ["home/ 755 1000:1001 folder", "home/new 644 1000:1001 file n"]);
}

pub(super) fn stacks_many_layers(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base()]);
    for number in 0..150 {
        let folder = stack.make(&format!("a folder: with, a name \\{number}"));
        fs::write(folder.join(format!("file-{number}")), number.to_string()).unwrap();
        fs::write(folder.join("plain"), number.to_string()).unwrap();
        stack.lower.push(folder);
    }
    let (text, changed) = stack.run(&["show", "/file-0", "/file-149", "/plain"]);
    let files: Vec<&str> = text.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!((files, changed), (vec!["0", "149", "149"], Vec::new()));
}

pub(super) fn reads_without_upper(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base(), &[Entry::file(".wh.plain", ""), Entry::file("etc/.wh.gone", "")]]);
    let (mut command, _) = stack.probe(&["change", "write /new x", "write /tmp/new x"]);
    let Root::Layers(layers) = &mut command.root else { unreachable!("it was made of layers") };
    layers.upper = None;
    command.mounts.push(Mount::temporary("/tmp"));
    assert_eq!(fixture.text(&command), "write /new x: ReadOnlyFilesystem\n");
    if super::is_on_overlay(&stack) && Host::of_this_machine().unwrap().kernel < (6, 7) {
        return println!("not run: marks on an overlay (kernel before 6.7)");
    }
    command.arguments = ["/probe", "show", "/plain", "/etc"].map(str::to_owned).into();
    assert_eq!(fixture.text(&command), "/plain -\n/etc 755 0:0 folder motd\n");
}

pub(super) fn follows_links_inside(fixture: &Fixture) {
    let lower = [Entry::folder("usr/"), Entry::folder("usr/lib/").mode(0o711), Entry::file("usr/lib/old", "o")];
    let upper = [
        Entry::symlink("lib", "/usr/lib"),
        Entry::file("lib/new", "n"),
        Entry::symlink("way", "one"),
        Entry::file("way/a", "a"),
        Entry::folder("way/"),
        Entry::file("way/b", "b"),
    ];
    let mut stack = Stack::of(fixture, &[&lower, &upper]);
    let (text, _) = stack.run(&["show", "/lib", "/usr/lib", "/one", "/way"]);
    let expected =
        "/lib 777 0:0 link /usr/lib\n/usr/lib 711 0:0 folder new,old\n/one 755 0:0 folder a\n/way 755 0:0 folder b\n";
    assert_eq!(text, expected);
}

pub(super) fn takes_absolute_names(fixture: &Fixture) {
    let lower = [Entry::folder("/"), Entry::folder("/app/"), Entry::file("/app/old", "o"), Entry::file("/gone", "g")];
    let upper = [
        Entry::file("//app/./web", "w"),
        Entry::hard_link("/app/again", "/app/web"),
        Entry::file("/.wh.gone", ""),
        Entry::file("/app/.wh.old", ""),
    ];
    let mut stack = Stack::of(fixture, &[&lower, &upper]);
    let (text, _) = stack.run(&["show", "/app", "/app/again", "/gone"]);
    assert_eq!(text, "/app 755 0:0 folder again,web\n/app/again 644 0:0 file w\n/gone -\n");
}

pub(super) fn settles(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base()]);
    let steps =
        ["write /tmp/x x", "socket /tmp/socket", "write /new n", "mode / 700", "time /new 4000", "time /etc 9000"];
    let (command, upper) = stack.probe(&[&["change"][..], &steps].concat());
    assert_eq!(fixture.text(&command), "");
    let options = PackOptions { lower: stack.lower.clone(), latest: Some(5000), settle: true };
    let pack = |options: &PackOptions| {
        let mut packing = fixture.sandbox().pack(&upper, options).unwrap();
        let mut bytes = Vec::new();
        packing.read_to_end(&mut bytes).unwrap();
        (packing.finish().unwrap(), bytes)
    };
    let (packed, first) = pack(&options);
    assert_eq!((packed.entries, packed.left_out), (4, 1));
    let unlimited = PackOptions { latest: None, settle: false, ..options };
    let (packed, second) = pack(&unlimited);
    assert!(packed.left_out == 0 && first == second);
    stack.lower.push(upper);
    let (text, _) = stack.run(&["times", "/", "/etc", "/new", "/tmp"]);
    assert_eq!(text, "/ 755 1000\n/etc 755 5000\n/new 644 4000\n/tmp 1777 5000\n");
    stack.lower.pop();
}
