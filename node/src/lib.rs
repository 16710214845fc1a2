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
pub mod ports;
pub mod register;
pub mod report;
pub mod secrets;
pub mod serve;
pub mod store;
pub mod watch;

pub use handle::Node;

/// The program: parses `args` and does what they say. Its log goes to standard error, one JSON object a line; `RUST_LOG`
/// chooses how much, and warnings are what is shown without it.
pub fn main_from(args: impl IntoIterator<Item = std::ffi::OsString>) -> std::process::ExitCode {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr);
    // A process that embeds this one has a log of its own.
    let _ = log.try_init();
    lianfang_desk::run::main::<commands::NodeArgs>(args)
}
