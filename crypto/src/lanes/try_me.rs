#![allow(missing_docs, clippy::all, clippy::pedantic)]
use std::time::Instant;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
pub fn go() {
    println!("{:?}", super::engine::Lanes::current());
    let n = 4096;
    let enc: Vec<[u8;32]> = (0..n).map(|i| (RistrettoPoint::mul_base(&Scalar::from((i as u64 + 1) * 0x1234_5678_9abc_def1))).compress().0).collect();
    let k = Scalar::from_bytes_mod_order([0x5a; 32]);
    let ks: Vec<Scalar> = (0..n).map(|i| k * Scalar::from(i as u64 + 77)).collect();
    let uni: Vec<[u8;64]> = (0..n).map(|i| { let mut u=[0u8;64]; u[..32].copy_from_slice(&enc[i]); u[32..].copy_from_slice(&enc[(i+5)%n]); u[33]^=i as u8; u}).collect();
    for _ in 0..3 {
        let t = Instant::now(); let p = match super::decode::decode(&enc) { Ok(p) => p, Err(_) => panic!("bad") };
        let d = t.elapsed().as_secs_f64()*1e6/n as f64;
        let t = Instant::now(); let out = super::product::multiply(&p, super::product::Scalars::One(&k));
        let m = t.elapsed().as_secs_f64()*1e6/n as f64;
        let t = Instant::now(); let each = super::product::multiply(&p, super::product::Scalars::Each(&ks));
        let me = t.elapsed().as_secs_f64()*1e6/n as f64;
        let t = Instant::now(); let h = super::decode::from_uniform_bytes(&uni);
        let hm = t.elapsed().as_secs_f64()*1e6/n as f64;
        println!("decode {d:.2} multiply+encode {m:.2} each {me:.2} map {hm:.2}");
        let hh = super::product::multiply(&h, super::product::Scalars::One(&Scalar::ONE));
        for i in (0..n).step_by(97) {
            let q = curve25519_dalek::ristretto::CompressedRistretto(enc[i]).decompress().unwrap();
            assert_eq!((q*k).compress().0, out[i], "{i}");
            assert_eq!((q*ks[i]).compress().0, each[i]);
            assert_eq!(RistrettoPoint::from_uniform_bytes(&uni[i]).compress().0, hh[i]);
        }
    }
    let p = match super::decode::decode(&enc) { Ok(p) => p, Err(_) => panic!("bad") };
    let dp: Vec<RistrettoPoint> = enc.iter().map(|e| curve25519_dalek::ristretto::CompressedRistretto(*e).decompress().unwrap()).collect();
    use curve25519_dalek::traits::VartimeMultiscalarMul;
    for m in [1usize, 8, 100, 511, 512, 4096] {
        let w: Vec<u128> = (0..m).map(|i| (i as u128 + 3).wrapping_mul(0xdeadbeefcafebabe1234567890abcdef)).collect();
        let mut q = p.clone(); q.truncate(m);
        let t = Instant::now(); let s = super::sum::weighted_sum(&w, &q); let d = t.elapsed().as_secs_f64()*1e6/m as f64;
        let ks: Vec<Scalar> = w.iter().map(|w| Scalar::from(*w)).collect();
        let t = Instant::now(); let r = RistrettoPoint::vartime_multiscalar_mul(&ks, &dp[..m]).compress().0; let d2 = t.elapsed().as_secs_f64()*1e6/m as f64;
        assert_eq!(r, s, "{m}");
        println!("sum {m}: {d:.2} dalek {d2:.2}");
    }
    let t = Instant::now(); let r = super::sum::rows(&[(false,15),(true,10),(false,3)], &[&p,&p,&p]); println!("rows {:.2}", t.elapsed().as_secs_f64()*1e6/n as f64);
    assert_eq!(super::product::multiply(&r, super::product::Scalars::One(&Scalar::ONE))[5], (dp[5]*Scalar::from(8u8)).compress().0);
    for _ in 0..3 {
    let t = Instant::now(); let one = match super::decode::decode(&enc[..1]) { Ok(p) => p, Err(_) => panic!("bad") }; let o = super::product::multiply(&one, super::product::Scalars::One(&k)); let d = t.elapsed().as_secs_f64()*1e6;
    let t = Instant::now(); let q = curve25519_dalek::ristretto::CompressedRistretto(enc[0]).decompress().unwrap(); let z = (q*k).compress().0;  println!("one {d:.2} dalek {:.2}", t.elapsed().as_secs_f64()*1e6);
    assert_eq!(o[0], z);
    }
    let t = Instant::now();
    let mut x = 0u8;
    for e in &enc { let q = curve25519_dalek::ristretto::CompressedRistretto(*e).decompress().unwrap(); x ^= (q*k).compress().0[0]; }
    println!("dalek decode mul encode {:.2} {x}", t.elapsed().as_secs_f64()*1e6/n as f64);
}
