//! Runs the batch engine with its secrets marked as undefined, under valgrind's memcheck: every branch and every address
//! that depends on one is reported there. With an argument, that engine alone; see `crypto/README.md` for the command.
//!
//! - **Comes in:** nothing. **Goes out:** one line for each operation; the reports are valgrind's.
//! - **Trusts:** memcheck to follow definedness bit by bit through every instruction, which it does for all that the
//!   portable and the AVX2 engine use. It knows no AVX-512: there the IFMA engine is not available.
//! - **Fails:** outside of valgrind, and with `canary` it reports an error on purpose, so that silence means something.
//!
//! What a multiplication gives is an encoding, which is public in the protocol; it is marked as defined again before it
//! is looked at. The method: Langley, "ctgrind" (2010).

use std::arch::asm;
use std::mem::size_of_val;
use std::process::ExitCode;

use curve25519_dalek::scalar::Scalar;
use lianfang_crypto::lanes::{self, Lanes, Points, Scalars, hashes};

/// Client requests, as `valgrind.h` and `memcheck.h` number them.
const RUNNING_ON_VALGRIND: usize = 0x1001;
const MAKE_MEM_UNDEFINED: usize = 0x4d43_0001;
const MAKE_MEM_DEFINED: usize = 0x4d43_0002;

/// Asks valgrind; without it this does nothing and gives zero.
fn request(number: usize, address: usize, len: usize) -> usize {
    let arguments = [number, address, len, 0, 0, 0];
    let mut answer = 0_usize;
    // SAFETY: four rotations by 128 bits in all leave `rdi` as it was, and an exchange of a register with itself does
    // nothing. Valgrind knows the sequence, reads `arguments` and puts its answer into `rdx`.
    unsafe {
        asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") answer,
        );
    }
    answer
}

/// Marks what is secret: plain values without padding. They may change, as far as the compiler knows, so that it reads
/// them again afterwards.
fn secret<T: Copy>(values: &mut [T]) {
    request(MAKE_MEM_UNDEFINED, values.as_mut_ptr() as usize, size_of_val(values));
}

/// Marks what is public from here on.
fn public<T: Copy>(values: &mut [T]) {
    request(MAKE_MEM_DEFINED, values.as_mut_ptr() as usize, size_of_val(values));
}

/// A block of eight, one that is not full, and more than one group of the inversion.
const SIZES: [usize; 4] = [1, 11, 33, 520];

fn bytes(seed: usize, index: usize) -> [u8; 64] {
    let text = [seed.to_le_bytes(), index.to_le_bytes()].concat();
    hashes::digests(&[text.as_slice()])[0]
}

fn scalars(count: usize) -> Vec<Scalar> {
    (0..count).map(|index| Scalar::from_bytes_mod_order_wide(&bytes(1, index))).collect()
}

fn checksum(name: &str, encodings: &[[u8; 32]]) {
    let mut encodings = encodings.to_vec();
    public(&mut encodings);
    let sum = encodings.as_flattened().iter().fold(0_u32, |sum, byte| sum.rotate_left(5) ^ u32::from(*byte));
    println!("  {name}: {sum:08x}");
}

/// Every operation with a secret, on the engine that is chosen here.
fn operations(count: usize) {
    let mut uniform: Vec<[u8; 64]> = (0..count).map(|index| bytes(0, index)).collect();
    let points: Points = lanes::from_uniform_bytes(&uniform);
    let mut one = scalars(1);
    let mut each = scalars(count);
    secret(&mut one);
    secret(&mut each);
    checksum("multiply, one scalar", &lanes::multiply(&points, Scalars::One(&one[0])));
    checksum("multiply, each its own", &lanes::multiply(&points, Scalars::Each(&each)));
    let (kept, encodings) = lanes::multiply_keeping(&points, Scalars::Each(&each));
    checksum("multiply_keeping", &encodings);
    let joint = lanes::multiply_joint((&points, Scalars::Each(&each)), (&kept, Scalars::One(&one[0])));
    checksum("multiply_joint", &joint);

    // The input of the hash and of the map, all of it: identifiers.
    secret(&mut uniform);
    let texts: Vec<&[u8]> = uniform.iter().map(|bytes| &bytes[..40]).collect();
    let digests = hashes::expand_message(&texts, b"a domain");
    let points = lanes::from_uniform_bytes(&digests);
    checksum("hash, map and multiply", &lanes::multiply(&points, Scalars::Each(&each)));
    let keys: Vec<&[u8; 64]> = uniform.iter().collect();
    let macs = hashes::macs(&uniform[0], b"prefix", &texts);
    let expanded = hashes::expand_keys(&keys, &[b"info"]);
    for (name, digests) in [("macs", macs), ("expand_keys", expanded)] {
        checksum(name, digests.as_flattened().as_chunks().0);
    }
}

/// A branch on a secret: memcheck must report this one.
fn canary() {
    let mut word = [u64::from(bytes(2, 0)[0])];
    secret(&mut word);
    if word[0] & 1 == 1 {
        println!("  odd");
    } else {
        println!("  even");
    }
}

fn main() -> ExitCode {
    if request(RUNNING_ON_VALGRIND, 0, 0) == 0 {
        println!("run this under valgrind");
        return ExitCode::FAILURE;
    }
    let wanted = std::env::args().nth(1);
    if wanted.as_deref() == Some("canary") {
        canary();
        return ExitCode::SUCCESS;
    }
    for lanes in
        Lanes::ALL.into_iter().filter(|lanes| wanted.as_deref().is_none_or(|name| name == lanes.name()))
    {
        for count in SIZES {
            println!("{}, {count} at once", lanes.name());
            if lanes.on(|| operations(count)).is_none() {
                println!("  not available here");
            }
        }
    }
    ExitCode::SUCCESS
}
