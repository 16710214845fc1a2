//! `cargo demo`, and the processes that it starts: the same executable under another first argument.

use std::ffi::OsString;
use std::process::ExitCode;

use lianfang_tests::demo::Demo;
use lianfang_tests::tool;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    tool::party(&args).unwrap_or_else(|| lianfang_desk::run::main::<Demo>(args))
}
