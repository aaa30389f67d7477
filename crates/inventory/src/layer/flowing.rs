use super::ahead::{Ahead, PIECE, channel};
use super::read::members;
use super::{LayerContents, LayerObserver};
use crate::{Budget, InventoryError};
use consign_oci::layer::Entry;
use std::io::{self, Read};
use std::thread::{self, JoinHandle};

/// Sees a layer as it is written, entry by entry or byte by byte. Bytes are looked at on a thread of their own, so that whoever writes the layer need not
/// wait; it ends with this.
pub struct FlowingLayer {
    budget: Budget,
    entries: Option<Result<LayerObserver, InventoryError>>,
    stream: Option<Stream>,
}

struct Stream {
    sender: Ahead,
    piece: Vec<u8>,
    thread: JoinHandle<Result<LayerContents, InventoryError>>,
}

impl FlowingLayer {
    /// Begins to see a layer.
    pub fn new(budget: &Budget) -> Self {
        Self { budget: budget.clone(), entries: None, stream: None }
    }

    /// Sees one entry. What is wrong with it is said by [`FlowingLayer::finish`].
    pub fn entry(&mut self, entry: &Entry) {
        let entries = self.entries.get_or_insert_with(|| Ok(LayerObserver::within(&self.budget)));
        if let Ok(observer) = entries
            && let Err(problem) = observer.entry(entry)
        {
            *entries = Err(problem);
        }
    }

    /// Sees the next bytes of the tar stream.
    pub fn bytes(&mut self, mut bytes: &[u8]) {
        let stream = self.stream.get_or_insert_with(|| Stream::start(&self.budget));
        while !bytes.is_empty() {
            let (taken, rest) = bytes.split_at(bytes.len().min(PIECE - stream.piece.len()));
            stream.piece.extend_from_slice(taken);
            bytes = rest;
            if stream.piece.len() == PIECE {
                // Where nobody takes it, what is wrong is said in the end.
                let _ = stream.sender.send(std::mem::take(&mut stream.piece));
            }
        }
    }

    /// Returns what the layer puts into an image.
    pub fn finish(self) -> Result<LayerContents, InventoryError> {
        match (self.entries, self.stream) {
            (Some(entries), _) => Ok(entries?.finish()),
            (None, None) => Ok(LayerContents::default()),
            (None, Some(Stream { sender, piece, thread })) => {
                // One that is not full is the last.
                let _ = sender.send(piece);
                thread.join().map_err(|_| io::Error::other("a thread that reads a layer has ended"))?
            }
        }
    }
}

impl Stream {
    fn start(budget: &Budget) -> Self {
        let (sender, mut receiver) = channel();
        let budget = budget.clone();
        let thread = thread::spawn(move || {
            let contents = members(&mut receiver, &budget)?;
            // Whoever writes does not wait for what follows the archive.
            io::copy(&mut receiver.by_ref(), &mut io::sink())?;
            Ok(contents)
        });
        Self { sender, piece: Vec::new(), thread }
    }
}
