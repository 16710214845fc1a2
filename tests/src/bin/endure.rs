//! Kills and spoils a federation of real processes; see `lianfang_tests::endure`.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use lianfang_desk::Exit;
use lianfang_tests::demo::children;
use lianfang_tests::endure::{Options, endure};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    match args.get(1).and_then(|word| word.to_str()) {
        Some(children::NODE) => {
            children::live_no_longer_than_the_demo();
            lianfang_node::main_from(args.into_iter().skip(1))
        }
        Some(children::COORDINATOR) => {
            children::live_no_longer_than_the_demo();
            lianfang_coordinator::main_from(args.into_iter().skip(1))
        }
        _ => siege(args),
    }
}

fn siege(args: Vec<OsString>) -> ExitCode {
    let options = match Options::try_parse_from(args) {
        Ok(options) => options,
        Err(told) => {
            let _ = told.print();
            return if told.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    let seed = options.seed;
    let ended = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|run| run.block_on(endure(options)));
    match ended {
        Ok((tally, seconds)) => {
            let mut out = std::io::stdout();
            let _ = writeln!(
                out,
                "{} kills, {} spoiled wires, {} jobs, {} ceremonies ({} begun again), {} files searched, {seconds:.0} s, seed {seed}",
                tally.kills, tally.spoiled, tally.jobs, tally.ceremonies, tally.repeated, tally.searched
            );
            Exit::Done.into()
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "seed {seed}: {error:#}");
            Exit::Differs.into()
        }
    }
}
