//! The coordinator's program.

fn main() -> std::process::ExitCode {
    lianfang_coordinator::main_from(std::env::args_os())
}
