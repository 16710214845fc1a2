//! Constants of edwards25519 and of its maps, RFC 9496 section 4.1, as limbs of 51 bits.
//!
//! The tests derive each of them again from the equation that defines it.

/// `d = −121665/121666`.
pub(super) const D: [u64; 5] =
    [0x34dc_a135_978a3, 0x1a82_83b1_56ebd, 0x5e7a_2600_1c029, 0x739c_663a_03cbb, 0x5203_6cee_2b6ff];
/// `2·d`.
pub(super) const D2: [u64; 5] =
    [0x69b9_426b_2f159, 0x3505_0762_add7a, 0x3cf4_4c00_38052, 0x6738_cc74_07977, 0x2406_d9dc_56dff];
/// `√−1`, the even one.
pub(super) const SQRT_M1: [u64; 5] =
    [0x61b2_74a0_ea0b0, 0x0d5a_5fc8_f189d, 0x7ef5_e9cb_d0c60, 0x7859_5a68_04c9e, 0x2b83_2480_4fc1d];
/// `√(a·d − 1)` with `a = −1`.
pub(super) const SQRT_AD_MINUS_ONE: [u64; 5] =
    [0x7f6a_0497_b2e1b, 0x1836_f0a9_7afd2, 0x7d74_7f6b_e7638, 0x4560_79e7_e6498, 0x3769_31bf_2b834];
/// `1/√(a − d)` with `a = −1`.
pub(super) const INVSQRT_A_MINUS_D: [u64; 5] =
    [0x0fda_a805_d40ea, 0x2eb4_82e5_7d339, 0x0076_1027_4bc58, 0x6510_b613_dc8ff, 0x786c_8905_cfaff];
/// `1 − d²`.
pub(super) const ONE_MINUS_D_SQ: [u64; 5] =
    [0x409c_1945_fc176, 0x719a_bc6a_1fc4f, 0x1c37_f90b_20684, 0x06bc_cca5_5eedf, 0x0290_72a8_b2b3e];
/// `(d − 1)²`.
pub(super) const D_MINUS_ONE_SQ: [u64; 5] =
    [0x55aa_a44e_d4d20, 0x5960_3c33_32635, 0x26d3_baf4_a7928, 0x120a_66e6_997a9, 0x5968_b37a_f66c2];
