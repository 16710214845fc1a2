//! Compiles the schema without an installed `protoc`.

use std::path::PathBuf;

use prost::Message as _;

const FILES: [&str; 7] = ["ceremony", "enrolment", "evaluation", "job", "report", "roster", "submission"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files: Vec<PathBuf> = FILES.iter().map(|f| PathBuf::from(format!("lianfang/v1/{f}.proto"))).collect();
    println!("cargo:rerun-if-changed=schema");
    let descriptors = protox::compile(files, ["schema"])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().bytes(".lianfang.v1").compile_fds(descriptors)?;
    Ok(())
}
