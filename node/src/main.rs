//! A bank's node.

fn main() -> std::process::ExitCode {
    lianfang_node::main_from(std::env::args_os())
}
