//! Kills and spoils a federation of real processes; see `lianfang_tests::endure`.

use std::process::ExitCode;

use anyhow::Context as _;
use lianfang_tests::endure::{Options, endure};
use lianfang_tests::tool;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    tool::main(|options: Options| {
        let seed = options.seed;
        let ended = Runtime::new()?.block_on(endure(options));
        let (tally, seconds) = ended.with_context(|| format!("seed {seed}"))?;
        tool::print(&format!("{tally}\n{seconds:.0} s, seed {seed}\n"));
        Ok(())
    })
}
