//! Loads a coordinator or a holder; see `lianfang_tests::load`.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use lianfang_desk::Exit;
use lianfang_tests::demo::children;
use lianfang_tests::load::{Case, Options, many_banks, saturation};

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
        _ => load(args),
    }
}

fn load(args: Vec<OsString>) -> ExitCode {
    let options = match Options::try_parse_from(args) {
        Ok(options) => options,
        Err(told) => {
            let _ = told.print();
            return if told.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    let case = async {
        match options.case {
            Case::Coordinator(banks) => many_banks(banks).await,
            Case::Holder(load) => saturation(load).await,
        }
    };
    let ended =
        tokio::runtime::Runtime::new().map_err(anyhow::Error::from).and_then(|run| run.block_on(case));
    match ended {
        Ok(table) => {
            let _ = std::io::stdout().write_all(table.as_bytes());
            Exit::Done.into()
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error:#}");
            Exit::Differs.into()
        }
    }
}
