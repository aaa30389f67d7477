use crate::order::{Order, Report};
use crate::program::sealed_copy;
use crate::run::{REPORT_LIMIT, order_line};
use crate::{PackOptions, Packed, Sandbox, SandboxError, UnpackOptions, Unpacked};
use std::io::{self, PipeReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Stdio};

impl Sandbox {
    /// Unpacks an uncompressed layer into an empty folder, as [`crate::Layers`] need it. Blocks. A folder where it failed is of no use.
    pub fn unpack(&self, layer: impl Read, folder: &Path, options: &UnpackOptions) -> Result<Unpacked, SandboxError> {
        let order = Order::Unpack { folder: folder.to_owned(), options: options.clone() };
        let job = Job::start(self, &order, Stdio::null())?;
        // Where init refuses the layer, it does not read on.
        let sent = job.send(layer);
        match (job.report(), sent) {
            (Ok(Report::Unpacked(unpacked)), Ok(())) => Ok(unpacked),
            (Ok(Report::Unpacked(_)), Err(source)) => Err(SandboxError::Source { source }),
            (Ok(report), _) => Err(SandboxError::of_work(report)),
            (Err(error), _) => Err(error),
        }
    }

    /// Packs what a folder of [`crate::Upper`] holds as a layer, a tar stream. Blocks when it is read.
    pub fn pack(&self, folder: &Path, options: &PackOptions) -> Result<Packing, SandboxError> {
        let order = Order::Pack { folder: folder.to_owned(), options: options.clone() };
        let (reader, writer) = io::pipe().map_err(|source| SandboxError::Channel { source })?;
        Ok(Packing { reader, job: Job::start(self, &order, writer.into())? })
    }

    /// Removes a folder of layers, or of their changes, if it is there: files in it may belong to other users. Blocks.
    pub fn remove(&self, folder: &Path) -> Result<(), SandboxError> {
        match Job::start(self, &Order::Remove { folder: folder.to_owned() }, Stdio::null())?.report()? {
            Report::Removed => Ok(()),
            report => Err(SandboxError::of_work(report)),
        }
    }
}

/// A layer that is being packed. It is whole only if [`Packing::finish`] says so.
#[derive(Debug)]
pub struct Packing {
    reader: PipeReader,
    job: Job,
}

impl Read for Packing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl Packing {
    /// Returns what was packed, when everything was read, or why it could not be.
    pub fn finish(self) -> Result<Packed, SandboxError> {
        let Self { reader, job } = self;
        drop(reader);
        match job.report()? {
            Report::Packed(packed) => Ok(packed),
            report => Err(SandboxError::of_work(report)),
        }
    }
}

/// An init that works on a layer.
#[derive(Debug)]
struct Job {
    child: Child,
    channel: UnixStream,
}

impl Job {
    fn start(sandbox: &Sandbox, order: &Order, output: Stdio) -> Result<Self, SandboxError> {
        let channel_error = |source| SandboxError::Channel { source };
        let start_error = |source| SandboxError::Start { program: sandbox.init.clone(), source };
        let order = order_line(order)?;
        let (mut channel, theirs) = UnixStream::pair().map_err(channel_error)?;
        let program = sealed_copy(&sandbox.init).map_err(start_error)?;
        let mut command = sandbox.program(&program, theirs.into());
        let child = command.stdout(output).stderr(Stdio::null()).spawn().map_err(start_error)?;
        channel.write_all(order.as_bytes()).map_err(channel_error)?;
        Ok(Self { child, channel })
    }

    /// Sends what follows the order. It is no error if init does not want it all.
    fn send(&self, mut data: impl Read) -> io::Result<()> {
        let mut channel = &self.channel;
        let mut buffer = vec![0; 128 << 10];
        loop {
            match data.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) if channel.write_all(&buffer[..length]).is_ok() => {}
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn report(mut self) -> Result<Report, SandboxError> {
        let channel_error = |source| SandboxError::Channel { source };
        // Where it has ended already, there is nothing to shut.
        let _ = self.channel.shutdown(Shutdown::Write);
        let mut report = Vec::new();
        (&self.channel).take(REPORT_LIMIT).read_to_end(&mut report).map_err(channel_error)?;
        let status = self.child.wait().map_err(channel_error)?;
        serde_json::from_slice(&report).map_err(|_| SandboxError::Silent { status })
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // Where it has ended and was waited for, neither does anything.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
