//! Images that are signed where they arrive, before a name names them.

use crate::sync::{every_tag, named, outcomes, pattern, sync};
use crate::world::{World, push_image};
use consign_oci::Digest;
use consign_transfer::{Arrived, Mirror, Options, Refusal, Seal, Sealed};
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex};

/// Signs all images but one, and notes what it finds when it is asked to: the tag, whether the image was just copied, whether the tag names it, and whether the
/// source is known.
#[derive(Default)]
struct Notary {
    unwanted: Option<Digest>,
    seen: Mutex<Vec<(String, bool, bool, bool)>>,
}

impl Seal for Notary {
    fn seal<'a>(&'a self, image: Arrived<'a>) -> BoxFuture<'a, Result<Sealed, Refusal>> {
        Box::pin(async move {
            let named = image.sink.before().await?;
            let names_it = named.is_some_and(|named| named.digest == image.root.digest);
            let is_there = image.sink.document(image.root).await.is_some();
            assert!(is_there || image.document.is_none(), "there is nothing that could be signed");
            let tag = image.sink.tag().unwrap().to_string();
            self.seen.lock().unwrap().push((tag, image.document.is_some(), names_it, image.source.is_some()));
            match self.unwanted.as_ref() == Some(&image.root.digest) {
                true => Err("it is unwanted".into()),
                false => Ok(Sealed { signed: 1, attested: 2 }),
            }
        })
    }
}

#[tokio::test]
async fn no_name_names_what_is_not_signed() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    push_image(&format!("{from}:1"), 1, 1).await;
    let bad = push_image(&format!("{from}:2"), 2, 1).await;
    let notary = Arc::new(Notary { unwanted: Some(bad.digest().clone()), ..Notary::default() });
    let mirror = Mirror { seal: Some(notary.clone()), ..every_tag(&world, &from, &to) };
    let seen = || {
        let mut seen = std::mem::take(&mut *notary.seen.lock().unwrap());
        seen.sort();
        seen
    };
    let was = |tag: &str, copied, named, source| (tag.to_owned(), copied, named, source);

    let expected = [("1".to_owned(), "copied"), ("2".to_owned(), "failed")];
    assert_eq!(outcomes(&sync(&world, std::slice::from_ref(&mirror)).await), expected);
    assert_eq!(seen(), [was("1", true, false, true), was("2", true, false, true)]);
    assert_eq!(named(&format!("{to}:2")).await, None);

    // What is there is looked at again, and so is what never moves, without its source.
    let done = sync(&world, std::slice::from_ref(&mirror)).await;
    assert_eq!(outcomes(&done), [("1".to_owned(), "unchanged"), ("2".to_owned(), "failed")]);
    assert_eq!(seen(), [was("1", false, true, true), was("2", true, false, true)]);
    let immutable = Mirror { immutable: pattern("1"), ..mirror.clone() };
    sync(&world, &[immutable]).await;
    assert_eq!(seen()[0], was("1", false, true, false));

    // What waits is not signed.
    let old = consign_transfer::MinimumAge::Seen(std::time::Duration::from_secs(86_400));
    let waiting = Options { minimum_age: Some(old), ..Options::default() };
    let (from, to) = (World::at(&world.from, "team/young"), World::at(&world.to, "mirror/young"));
    push_image(&format!("{from}:1"), 3, 1).await;
    let young = Mirror { options: waiting, seal: Some(notary.clone()), ..every_tag(&world, &from, &to) };
    assert_eq!(outcomes(&sync(&world, &[young]).await), [("1".to_owned(), "waiting")]);
    assert!(seen().is_empty());
}
