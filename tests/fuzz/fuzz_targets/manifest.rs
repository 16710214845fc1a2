#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lianfang_doors_fuzz::manifest(data));
