//! `cargo demo`, and the processes that it starts: the same executable under another first argument.

use std::ffi::OsString;
use std::process::ExitCode;

use lianfang_tests::demo::{Demo, children};

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
        _ => lianfang_desk::run::main::<Demo>(args),
    }
}
