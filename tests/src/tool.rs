//! What the measuring programs have in common: their parties are the same executable under another first argument, their
//! options are read in one way, and they end in one way.
//!
//! Comes in: the words of the command line. Goes out: an exit code: 64 for bad usage, 1 if what was measured is not as it
//! must be, with a sentence on standard error.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use lianfang_desk::Exit;

use crate::demo::children;

type Words = Vec<OsString>;

/// A party's process, if the first argument asks for one.
pub fn party(args: &[OsString]) -> Option<ExitCode> {
    let rest = args.get(1..)?.iter().cloned();
    let serve: fn(_) -> ExitCode = match args.get(1)?.to_str()? {
        children::NODE => |rest: Words| lianfang_node::main_from(rest),
        children::COORDINATOR => |rest: Words| lianfang_coordinator::main_from(rest),
        _ => return None,
    };
    children::live_no_longer_than_the_demo();
    Some(serve(rest.collect()))
}

/// A party's process, or what the program measures.
pub fn main<O: Parser>(measure: impl FnOnce(O) -> anyhow::Result<()>) -> ExitCode {
    let args: Words = std::env::args_os().collect();
    party(&args).unwrap_or_else(|| match O::try_parse_from(args) {
        Ok(options) => ended(measure(options)),
        Err(told) => {
            let _ = told.print();
            if told.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
        }
    })
}

/// Nobody may listen any more: then there is nothing to say.
pub fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn ended(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error:#}");
            Exit::Differs.into()
        }
    }
}
