//! SHA-512's compression of one block in every lane.
//!
//! - **Comes in:** a state and a block, as rows of words: row `i` holds word `i` of each lane. **Goes out:** the state.
//! - **Never sees:** lengths, padding, keys. Constant time: no branch, no address depends on a word.
//! - **Trusts:** the vectors; for a single lane the `sha2` crate, which has faster code for that than vectors give.
//! - **Fails:** never.
//!
//! Source: FIPS 180-4 section 6.4. The schedule is kept in sixteen words that roll; with the eight of the state they
//! fit into the 32 registers of AVX-512.

#![expect(
    clippy::inline_always,
    reason = "an operation that is called instead of inlined costs ten times its work"
)]

use sha2::block_api::compress512;

use super::words::{Row, Words};
use crate::secret::wipe;

/// Bytes of a block.
pub(super) const BLOCK: usize = 128;

/// The fractional parts of the square roots of the first eight primes: FIPS 180-4 section 5.3.5.
pub(super) const INITIAL: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// The state after one block of zeros, with which every `expand_message_xmd` begins.
pub(super) const AFTER_ZERO_BLOCK: [u64; 8] = [
    0xcf78_81d5_774a_cbe8,
    0x5333_62e0_fbc7_8070,
    0x0267_639d_8746_0eda,
    0x3086_cb40_e859_31b0,
    0x717d_c952_88a0_23a3,
    0x96ba_b2c1_4ce0_b5e0,
    0x6fc4_fe04_eae3_3e0b,
    0x91f4_d80c_bd66_8bee,
];

/// The fractional parts of the cube roots of the first eighty primes: FIPS 180-4 section 4.2.3, sixteen rounds a row.
const ROUNDS: [[u64; 16]; 5] = [
    [
        0x428a_2f98_d728_ae22,
        0x7137_4491_23ef_65cd,
        0xb5c0_fbcf_ec4d_3b2f,
        0xe9b5_dba5_8189_dbbc,
        0x3956_c25b_f348_b538,
        0x59f1_11f1_b605_d019,
        0x923f_82a4_af19_4f9b,
        0xab1c_5ed5_da6d_8118,
        0xd807_aa98_a303_0242,
        0x1283_5b01_4570_6fbe,
        0x2431_85be_4ee4_b28c,
        0x550c_7dc3_d5ff_b4e2,
        0x72be_5d74_f27b_896f,
        0x80de_b1fe_3b16_96b1,
        0x9bdc_06a7_25c7_1235,
        0xc19b_f174_cf69_2694,
    ],
    [
        0xe49b_69c1_9ef1_4ad2,
        0xefbe_4786_384f_25e3,
        0x0fc1_9dc6_8b8c_d5b5,
        0x240c_a1cc_77ac_9c65,
        0x2de9_2c6f_592b_0275,
        0x4a74_84aa_6ea6_e483,
        0x5cb0_a9dc_bd41_fbd4,
        0x76f9_88da_8311_53b5,
        0x983e_5152_ee66_dfab,
        0xa831_c66d_2db4_3210,
        0xb003_27c8_98fb_213f,
        0xbf59_7fc7_beef_0ee4,
        0xc6e0_0bf3_3da8_8fc2,
        0xd5a7_9147_930a_a725,
        0x06ca_6351_e003_826f,
        0x1429_2967_0a0e_6e70,
    ],
    [
        0x27b7_0a85_46d2_2ffc,
        0x2e1b_2138_5c26_c926,
        0x4d2c_6dfc_5ac4_2aed,
        0x5338_0d13_9d95_b3df,
        0x650a_7354_8baf_63de,
        0x766a_0abb_3c77_b2a8,
        0x81c2_c92e_47ed_aee6,
        0x9272_2c85_1482_353b,
        0xa2bf_e8a1_4cf1_0364,
        0xa81a_664b_bc42_3001,
        0xc24b_8b70_d0f8_9791,
        0xc76c_51a3_0654_be30,
        0xd192_e819_d6ef_5218,
        0xd699_0624_5565_a910,
        0xf40e_3585_5771_202a,
        0x106a_a070_32bb_d1b8,
    ],
    [
        0x19a4_c116_b8d2_d0c8,
        0x1e37_6c08_5141_ab53,
        0x2748_774c_df8e_eb99,
        0x34b0_bcb5_e19b_48a8,
        0x391c_0cb3_c5c9_5a63,
        0x4ed8_aa4a_e341_8acb,
        0x5b9c_ca4f_7763_e373,
        0x682e_6ff3_d6b2_b8a3,
        0x748f_82ee_5def_b2fc,
        0x78a5_636f_4317_2f60,
        0x84c8_7814_a1f0_ab72,
        0x8cc7_0208_1a64_39ec,
        0x90be_fffa_2363_1e28,
        0xa450_6ceb_de82_bde9,
        0xbef9_a3f7_b2c6_7915,
        0xc671_78f2_e372_532b,
    ],
    [
        0xca27_3ece_ea26_619c,
        0xd186_b8c7_21c0_c207,
        0xeada_7dd6_cde0_eb1e,
        0xf57d_4f7f_ee6e_d178,
        0x06f0_67aa_7217_6fba,
        0x0a63_7dc5_a2c8_98a6,
        0x113f_9804_bef9_0dae,
        0x1b71_0b35_131c_471b,
        0x28db_77f5_2304_7d84,
        0x32ca_ab7b_40c7_2493,
        0x3c9e_be0a_15c9_bebc,
        0x431d_67c4_9c10_0d4c,
        0x4cc5_d4be_cb3e_42b6,
        0x597f_299c_fc65_7e2a,
        0x5fcb_6fab_3ad6_faec,
        0x6c44_198c_4a47_5817,
    ],
];

/// `N` words of each lane.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Rows<R, const N: usize>(pub(super) [R; N]);

/// The state of each lane.
pub(super) type State<R> = Rows<R, 8>;
/// A block of each lane.
pub(super) type Block<R> = Rows<R, 16>;

impl<R: Row, const N: usize> Rows<R, N> {
    /// The same words in all lanes.
    #[inline(always)]
    pub(super) fn splat(words: &[u64; N]) -> Self {
        Self(words.map(R::splat))
    }

    /// Nothing yet.
    #[inline(always)]
    pub(super) fn zero() -> Self {
        Self([R::splat(0); N])
    }

    /// Overwrites it with zeros.
    pub(super) fn wipe(&mut self) {
        wipe(&mut self.0, R::splat(0));
    }
}

/// Takes `block` into `state`.
#[inline(always)]
pub(super) fn compress<W: Words>(engine: W::Engine, state: &mut State<W::Row>, block: &Block<W::Row>) {
    if W::Row::LANES == 1 {
        compress_one(state, block);
    } else {
        compress_lanes::<W>(engine, state, block);
    }
}

/// Takes a block into a state that lies in one lane.
fn compress_one<R: Row>(state: &mut State<R>, block: &Block<R>) {
    let mut words: [u64; 8] = state.0.map(|row| row.as_ref()[0]);
    let mut bytes = [0; BLOCK];
    for (bytes, row) in bytes.as_chunks_mut().0.iter_mut().zip(&block.0) {
        *bytes = row.as_ref()[0].to_be_bytes();
    }
    compress512(&mut words, &[bytes]);
    state.0 = words.map(R::splat);
    wipe(&mut words, 0);
    wipe(&mut bytes, 0);
}

/// The same by vectors, however many lanes they have.
#[inline(always)]
pub(super) fn compress_lanes<W: Words>(engine: W::Engine, state: &mut State<W::Row>, block: &Block<W::Row>) {
    let zero = W::splat(engine, 0);
    let (mut start, mut words) = ([zero; 8], [zero; 16]);
    for (word, row) in start.iter_mut().zip(&state.0) {
        *word = W::load(engine, row);
    }
    for (word, row) in words.iter_mut().zip(&block.0) {
        *word = W::load(engine, row);
    }
    // Written out, so that every word has a register of its own.
    macro_rules! sixteen {
        (|$i:ident| $body:block) => {
            sixteen!(@ $i $body 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
        };
        (@ $i:ident $body:block $($value:literal)*) => {
            $({ const $i: usize = $value; $body })*
        };
    }
    let mut state_now = start;
    let [first, rest @ ..] = &ROUNDS;
    sixteen!(|I| { state_now = round(state_now, words[I].plus(W::splat(engine, first[I]))) });
    for constants in rest {
        sixteen!(|I| {
            words[I] = words[I]
                .plus(words[(I + 1) % 16].small_sigma0())
                .plus(words[(I + 9) % 16])
                .plus(words[(I + 14) % 16].small_sigma1());
            state_now = round(state_now, words[I].plus(W::splat(engine, constants[I])));
        });
    }
    for ((row, before), after) in state.0.iter_mut().zip(start).zip(state_now) {
        *row = before.plus(after).row();
    }
}

/// One round, with the sum of its constant and its word of the schedule.
#[inline(always)]
#[expect(clippy::many_single_char_names, reason = "the names of the standard")]
fn round<W: Words>([a, b, c, d, e, f, g, h]: [W; 8], scheduled: W) -> [W; 8] {
    let first = h.plus(scheduled).plus(e.choose(f, g)).plus(e.big_sigma1());
    let second = a.big_sigma0().plus(a.majority(b, c));
    [first.plus(second), a, b, c, d.plus(first), e, f, g]
}
