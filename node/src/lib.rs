//! What a bank runs: its register, its part in jobs, its answering role as a key holder.
//!
//! Data flows one way: `ingest → normalise → register → pipeline (blind → evaluate → finalise → submit)`, and back
//! through `report`. `key_holder` answers other banks and never meets the pipeline; `app` puts the rooms together.

pub mod app;
pub mod audit;
pub mod ceremony;
pub mod commands;
pub mod config;
pub mod evidence;
pub mod fault;
mod handle;
pub mod ingest;
pub mod job;
pub mod key_holder;
pub mod membership;
pub mod normalise;
pub mod peers;
pub mod pipeline;
pub mod register;
pub mod report;
pub mod secrets;
pub mod serve;
pub mod store;
pub mod telemetry;
pub mod watch;
pub mod work;

pub use handle::Node;
pub use lianfang_ports as ports;

/// The program: parses `args` and does what they say. Its log goes to standard error; how much of it, the configuration
/// says for `serve`, and `RUST_LOG` for everything.
pub fn main_from(args: impl IntoIterator<Item = std::ffi::OsString>) -> std::process::ExitCode {
    lianfang_desk::run::main::<commands::NodeArgs>(args)
}
