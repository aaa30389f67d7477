use super::LayerContents;
use super::ahead::{Ahead, channel};
use super::read::members;
use crate::{Budget, InventoryError};
use bytes::Bytes;
use std::io::{self, Read};
use std::thread::{self, JoinHandle};

/// Most pieces that wait to be looked at; each has some megabytes.
const WAITING: usize = 4;

/// Sees a layer as it is written. It is looked at on a thread of its own, so that whoever writes it need not wait; that ends with this.
pub struct FlowingLayer {
    sender: Ahead,
    thread: JoinHandle<Result<LayerContents, InventoryError>>,
}

impl FlowingLayer {
    /// Begins to see a layer.
    pub fn new(budget: &Budget) -> Self {
        let (sender, mut receiver) = channel(WAITING);
        let budget = budget.clone();
        let thread = thread::spawn(move || {
            let contents = members(&mut receiver, &budget)?;
            // Whoever writes does not wait for what follows the archive.
            io::copy(&mut receiver.by_ref(), &mut io::sink())?;
            Ok(contents)
        });
        Self { sender, thread }
    }

    /// Sees the next bytes of the tar stream.
    pub fn bytes(&mut self, bytes: &Bytes) {
        if !bytes.is_empty() {
            // Where nobody takes it, what is wrong is said in the end.
            let _ = self.sender.send(bytes.clone());
        }
    }

    /// Returns what the layer puts into an image.
    pub fn finish(self) -> Result<LayerContents, InventoryError> {
        // An empty piece is the end.
        let _ = self.sender.send(Bytes::new());
        self.thread.join().map_err(|_| io::Error::other("a thread that reads a layer has ended"))?
    }
}
