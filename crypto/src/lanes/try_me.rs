#![allow(missing_docs, clippy::all, clippy::pedantic)]
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use std::time::Instant;
pub fn go() {
    println!("{:?}", super::engine::Lanes::current());
    let n = 4096;
    let enc: Vec<[u8; 32]> = (0..n)
        .map(|i| {
            (RistrettoPoint::mul_base(&Scalar::from((i as u64 + 1) * 0x1234_5678_9abc_def1))).compress().0
        })
        .collect();
    let k = Scalar::from_bytes_mod_order([0x5a; 32]);
    let ks: Vec<Scalar> = (0..n).map(|i| k * Scalar::from(i as u64 + 77)).collect();
    let uni: Vec<[u8; 64]> = (0..n)
        .map(|i| {
            let mut u = [0u8; 64];
            u[..32].copy_from_slice(&enc[i]);
            u[32..].copy_from_slice(&enc[(i + 5) % n]);
            u[33] ^= i as u8;
            u
        })
        .collect();
    for _ in 0..3 {
        let t = Instant::now();
        let p = match super::batch::decode(&enc) {
            Ok(p) => p,
            Err(_) => panic!("bad"),
        };
        let d = t.elapsed().as_secs_f64() * 1e6 / n as f64;
        let t = Instant::now();
        let out = super::batch::multiply(&p, super::batch::Scalars::One(&k));
        let m = t.elapsed().as_secs_f64() * 1e6 / n as f64;
        let t = Instant::now();
        let each = super::batch::multiply(&p, super::batch::Scalars::Each(&ks));
        let me = t.elapsed().as_secs_f64() * 1e6 / n as f64;
        let t = Instant::now();
        let h = super::batch::from_uniform_bytes(&uni);
        let hm = t.elapsed().as_secs_f64() * 1e6 / n as f64;
        println!("decode {d:.2} multiply+encode {m:.2} each {me:.2} map {hm:.2}");
        let hh = super::batch::multiply(&h, super::batch::Scalars::One(&Scalar::ONE));
        for i in (0..n).step_by(97) {
            let q = curve25519_dalek::ristretto::CompressedRistretto(enc[i]).decompress().unwrap();
            assert_eq!((q * k).compress().0, out[i], "{i}");
            assert_eq!((q * ks[i]).compress().0, each[i]);
            assert_eq!(RistrettoPoint::from_uniform_bytes(&uni[i]).compress().0, hh[i]);
        }
    }
    let t = Instant::now();
    let mut x = 0u8;
    for e in &enc {
        let q = curve25519_dalek::ristretto::CompressedRistretto(*e).decompress().unwrap();
        x ^= (q * k).compress().0[0];
    }
    println!("dalek decode mul encode {:.2} {x}", t.elapsed().as_secs_f64() * 1e6 / n as f64);
}
