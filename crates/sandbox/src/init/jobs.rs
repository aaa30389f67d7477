//! Work on unpacked layers. It is done in a user namespace of the same ids as commands have: only there are owners what the image says, and
//! do files of other owners belong to an ordinary user.

use super::fault::Fault;
use super::{ids, pack, remove, unpack};
use crate::Ids;
use crate::order::{At, Failure, Order, Report, Step};
use nix::sched::CloneFlags;
use nix::sys::stat::{Mode, umask};
use nix::unistd::sethostname;
use std::io::{self, BufRead};

/// A name for a machine that nobody sees.
const HOST: &str = "consign";

/// Carries out an order other than to run a command. `input` is what follows the order.
pub(super) fn carry_out(order: Order, input: impl BufRead) -> Result<Report, Failure> {
    let ids = Ids::of_this_process();
    ids::enter_namespaces(&ids, CloneFlags::CLONE_NEWUTS)?;
    // Some systems let everyone make a namespace, but then refuse its rights. Better to hear of it here than from the first file.
    sethostname(HOST).at(Step::HostName)?;
    umask(Mode::empty());
    let result = match order {
        Order::Unpack { folder, options } => unpack::unpack(input, &folder, &options, &ids).map(Report::Unpacked),
        Order::Pack { folder, options } => pack::pack(&folder, &options, &ids, io::stdout()).map(Report::Packed),
        Order::Remove { folder } => remove::remove(&folder).map(|()| Report::Removed).map_err(Fault::System),
        Order::Run { .. } => Err(io::Error::from(io::ErrorKind::InvalidInput)).at(Step::Order).map_err(Fault::System),
    };
    result.or_else(Fault::report)
}
