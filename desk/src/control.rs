//! Commands for a folder whose `serve` runs: forwarded to it over a Unix socket, and run there by the same code.
//!
//! Comes in: frames of a process of the same user. Goes out: frames to it. Trusts: the kernel's word on the peer's user
//! id (`SO_PEERCRED`), and the folder's and the socket's permissions, nothing in a frame. Fails: a frame that is too
//! large or is none of ours ends the conversation; a peer that leaves cancels its command.

mod forward;
mod frame;
mod listener;
mod patience;
mod remote;
mod socket;

pub use forward::forward;
pub use frame::Request;
pub use listener::Control;
pub use remote::RemoteConsole;

pub(crate) use patience::patiently;
