//! Loads a coordinator or a holder; see `lianfang_tests::load`.

use std::process::ExitCode;

use lianfang_tests::load::{Case, Options, many_banks, saturation};
use lianfang_tests::tool;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    tool::main(|options: Options| {
        let case = async {
            match options.case {
                Case::Banks(banks) => many_banks(banks).await,
                Case::Holder(load) => saturation(load).await,
            }
        };
        tool::print(&Runtime::new()?.block_on(case)?);
        Ok(())
    })
}
