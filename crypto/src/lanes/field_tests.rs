//! Every operation of every engine's field against big integers.

use num_bigint::{BigInt, BigUint, Sign};
use proptest::array::{uniform5, uniform8};
use proptest::prelude::*;

use super::engine::{Engine, Kernel, Lanes, run_with};
use super::field::{Field, LANES, Limbs, MASK, Mask};

/// Limbs as large as may lie in memory: carried, and with what the last carry may leave on top.
const LARGEST: u64 = MASK + (1 << 17);

/// Limbs at the edges as often as anywhere between.
fn limb() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(MASK - 19),
        Just(MASK - 18),
        Just(MASK),
        Just(MASK + 1),
        Just(LARGEST),
        0..=LARGEST
    ]
}

/// Elements, and so as to hit them: zero, one, the prime and their neighbours, and what lies between the prime and 2^255 and above.
fn element() -> impl Strategy<Value = [u64; 5]> {
    let near_p = (0..5_u64, any::<bool>()).prop_map(|(off, twice)| {
        if twice {
            [MASK - 38 + off, MASK + 1, MASK, MASK, MASK]
        } else {
            [MASK - 20 + off, MASK, MASK, MASK, MASK]
        }
    });
    let small = (0..3_u64).prop_map(|word| [word, 0, 0, 0, 0]);
    prop_oneof![6 => uniform5(limb()), 1 => near_p, 1 => small, 1 => Just([LARGEST; 5])]
}

fn elements() -> impl Strategy<Value = [[u64; 5]; LANES]> {
    uniform8(element())
}

fn lanes(elements: &[[u64; 5]; LANES]) -> Limbs {
    let mut limbs = Limbs::ZERO;
    for (lane, element) in elements.iter().enumerate() {
        for (limb, value) in limbs.0.iter_mut().zip(element) {
            limb[lane] = *value;
        }
    }
    limbs
}

/// The prime.
fn prime() -> BigInt {
    (BigInt::from(1) << 255) - 19
}

/// The value of a lane, not reduced.
fn value(limbs: &Limbs, lane: usize) -> BigInt {
    limbs.lane(lane).iter().rev().fold(BigInt::ZERO, |value, limb| (value << 51) + *limb)
}

/// What the operations give: each by its name, with all lanes, in canonical form.
type Outcomes = Vec<(&'static str, Limbs)>;

/// All operations that give elements, on two of them, and the questions: each with a bit for every lane.
struct All<'a>(&'a Limbs, &'a Limbs);

/// Puts the lanes of `element` from `at` on beside those of the same operation.
#[inline(always)]
fn note<F: Field>(outcomes: &mut Outcomes, name: &'static str, element: F, at: usize) {
    if !outcomes.iter().any(|(known, _)| *known == name) {
        outcomes.push((name, Limbs::ZERO));
    }
    if let Some((_, limbs)) = outcomes.iter_mut().find(|(known, _)| *known == name) {
        element.store(limbs, at);
    }
}

impl Kernel for All<'_> {
    type Output = (Outcomes, [u8; 3]);

    #[inline(always)]
    fn run<E: Engine>(self, engine: E) -> Self::Output {
        let mut all = Outcomes::new();
        let mut bits = [0; 3];
        for at in (0..LANES).step_by(E::Field::LANES) {
            let (a, b) = (E::Field::load(engine, self.0, at), E::Field::load(engine, self.1, at));
            // As the formulas of points have them: sums of three products, the difference of three and two.
            let (aa, bb, ab) = (a.square_wide(), b.square_wide(), a.mul_wide(b));
            let three = <E::Field as Field>::wide_add(<E::Field as Field>::wide_add(aa, ab), bb);
            let two = <E::Field as Field>::wide_add(ab, bb);
            let difference = <E::Field as Field>::carry(<E::Field as Field>::wide_sub(three, two));
            let loose = a.sub_loose(b).mul_wide(b);
            let of_loose = <E::Field as Field>::wide_sub(a.add_loose(b).mul_wide(a), loose);
            note(&mut all, "a", a, at);
            note(&mut all, "canonical", a.canonical(), at);
            note(&mut all, "a+b", a.add(b).canonical(), at);
            note(&mut all, "a-b", a.sub(b).canonical(), at);
            note(&mut all, "a*b", a.mul(b).canonical(), at);
            note(&mut all, "a^2", a.square().canonical(), at);
            note(
                &mut all,
                "(a+b)^2",
                <E::Field as Field>::carry(a.add_loose(b).square_wide()).canonical(),
                at,
            );
            note(&mut all, "three", <E::Field as Field>::carry(three).canonical(), at);
            note(&mut all, "difference", difference.canonical(), at);
            note(&mut all, "its square", difference.mul(difference).canonical(), at);
            note(&mut all, "of loose", <E::Field as Field>::carry(of_loose).canonical(), at);
            note(&mut all, "absolute", a.absolute(engine).canonical(), at);
            let zero = a.is_zero();
            note(&mut all, "b where a is zero", <E::Field as Field>::select(zero, b, a).canonical(), at);
            let kept = [b.keep(), a.keep()];
            let picked = <E::Field as Field>::pick(&[zero, a.is_negative()], &kept, E::Field::one(engine));
            note(&mut all, "b where zero, a where odd, else 1", picked.canonical(), at);
            bits[0] |= zero.bits() << at;
            bits[1] |= a.is_negative().bits() << at;
            bits[2] |= a.sub(b).is_zero().or(zero.not().and(zero)).bits() << at;
        }
        (all, bits)
    }
}

fn expected(name: &str, a: &BigInt, b: &BigInt) -> BigInt {
    let p = prime();
    let odd = |x: &BigInt| x.bit(0);
    let a_canonical = a % &p;
    let expected = match name {
        "a" | "canonical" => a.clone(),
        "a+b" => a + b,
        "a-b" => a - b,
        "a*b" => a * b,
        "a^2" | "difference" => a * a,
        "(a+b)^2" => (a + b).pow(2),
        "three" => a * a + a * b + b * b,
        "its square" => a.pow(4),
        "of loose" => (a + b) * a - (a - b) * b,
        "absolute" if odd(&a_canonical) => -a,
        "absolute" => a.clone(),
        "b where a is zero" if a_canonical == BigInt::ZERO => b.clone(),
        "b where a is zero" => a.clone(),
        _ if a_canonical == BigInt::ZERO => b.clone(),
        _ if odd(&a_canonical) => a.clone(),
        _ => BigInt::from(1),
    };
    ((expected % &p) + &p) % &p
}

fn check(lanes: Lanes, a: &Limbs, b: &Limbs) -> Result<(), TestCaseError> {
    let Some((outcomes, [zero, odd, equal])) = run_with(lanes, All(a, b)) else { return Ok(()) };
    prop_assert_eq!(outcomes.len(), 14);
    for lane in 0..LANES {
        let (x, y) = (value(a, lane), value(b, lane));
        let canonical = expected("a", &x, &y);
        for (name, limbs) in &outcomes {
            let found = value(limbs, lane);
            if *name == "a" {
                prop_assert_eq!(&found, &x, "memory: {} lane {}", lanes.name(), lane);
                continue;
            }
            prop_assert_eq!(&found, &expected(name, &x, &y), "{}: {} lane {}", name, lanes.name(), lane);
            let bytes = BigUint::from_bytes_le(&limbs.bytes(lane));
            prop_assert_eq!(BigInt::from_biguint(Sign::Plus, bytes), found, "bytes of {}", name);
        }
        prop_assert_eq!(zero >> lane & 1 == 1, canonical == BigInt::ZERO);
        prop_assert_eq!(odd >> lane & 1 == 1, canonical.bit(0));
        prop_assert_eq!(equal >> lane & 1 == 1, canonical == expected("a", &y, &x));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_operation_agrees_with_big_integers(a in elements(), b in elements()) {
        for engine in Lanes::ALL {
            check(engine, &lanes(&a), &lanes(&b))?;
        }
    }
}

#[test]
fn the_largest_limbs_overflow_nothing() {
    let largest = Limbs([[LARGEST; LANES]; 5]);
    for engine in Lanes::ALL {
        for other in [&largest, &Limbs::ZERO, &Limbs::ONE] {
            check(engine, &largest, other).unwrap_or_else(|why| panic!("{why}"));
            check(engine, other, &largest).unwrap_or_else(|why| panic!("{why}"));
        }
    }
}
