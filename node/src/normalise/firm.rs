//! Codes of firms and other organisations: 统一社会信用代码 and the 组织机构代码 inside it.
//!
//! Comes in: a prepared text. Goes out: `uscc` and `org-code`. Sources: GB 32100-2015, chapter 4 (structure, character
//! set) and appendix A (check character, MOD 31); GB 11714-1997, chapter 4 (check character, MOD 11). The two standards
//! give letters different values: GB 32100 leaves out I, O, S, V and Z and numbers the rest through, GB 11714 counts
//! A=10 to Z=35.

use lianfang_proto::catalogue::Kind;

use super::text::{Prepared, is_digits, is_one_character};
use super::{IssueCode, gathering::Gathering};

const USCC_CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const ORG_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// Reads a unified code; the organisation code inside comes along, so that a firm's old and new codes meet.
pub(super) fn uscc(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    let code = value.compact_whole()?;
    if !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(IssueCode::Character);
    }
    if code.len() != 18 {
        return Err(IssueCode::Length);
    }
    if !is_digits(&code[2..8]) || !code.bytes().all(|b| USCC_CHARACTERS.contains(&b)) {
        return Err(IssueCode::Form);
    }
    if is_one_character(&code) {
        return Err(IssueCode::Placeholder);
    }
    let sound = code.bytes().nth(17) == Some(uscc_check(&code[..17]));
    let inner = &code[8..17];
    // Digits, an E and digits are what a number looks like; only the inner check says otherwise.
    let exponential =
        code.split_once('E').is_some_and(|(before, behind)| is_digits(before) && is_digits(behind));
    if exponential && !org_code_holds(inner) {
        return Err(IssueCode::Rounded);
    }
    out.keep(Kind::Uscc, &code);
    if !sound {
        out.warn(IssueCode::UsccCheck);
    }
    if org_code_holds(inner) {
        out.keep(Kind::OrgCode, inner);
    } else if sound {
        out.warn(IssueCode::UsccInner);
    }
    Ok(())
}

/// Reads an organisation code.
pub(super) fn org_code(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    let code = value.compact_whole()?;
    if !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(IssueCode::Character);
    }
    if code.len() != 9 {
        return Err(IssueCode::Length);
    }
    if is_one_character(&code) {
        return Err(IssueCode::Placeholder);
    }
    if !org_code_holds(&code) {
        return Err(IssueCode::CheckDigit);
    }
    out.keep(Kind::OrgCode, &code);
    Ok(())
}

/// `31 − Σ value × 3^(i−1) mod 31`, 31 to 0.
fn uscc_check(body: &str) -> u8 {
    let (mut sum, mut weight) = (0, 1);
    for b in body.bytes() {
        let value = USCC_CHARACTERS.iter().position(|&c| c == b).unwrap_or(0);
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    USCC_CHARACTERS[(31 - sum % 31) % 31]
}

/// `11 − Σ value × weight mod 11`, 10 to X, 11 to 0; the code has nine ASCII letters and digits.
fn org_code_holds(code: &str) -> bool {
    let (body, check) = code.split_at(8);
    let sum: u32 =
        body.chars().zip(ORG_WEIGHTS).map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight).sum();
    let expected = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    };
    check.starts_with(expected)
}
