//! Payment cards and account numbers: one family, in which the form decides and not the column.
//!
//! Comes in: a prepared text from either column. Goes out: `bank-card` for 13 to 19 digits with a Luhn digit, else
//! `account`. Source: ISO/IEC 7812-1, annex B (Luhn) and clause 4 (length).

use lianfang_proto::catalogue::Kind;

use super::text::{Prepared, is_digits, is_one_character};
use super::{Column, IssueCode, gathering::Gathering};

/// Account numbers shorter than this are a branch's internal counting, and half of one another.
const SHORTEST_ACCOUNT: usize = 5;
const LONGEST_ACCOUNT: usize = 32;

pub(super) fn read(value: &Prepared, column: Column, out: &mut Gathering) -> Result<(), IssueCode> {
    let number = value.compact_whole()?;
    if !is_digits(&number) {
        return Err(IssueCode::Character);
    }
    let has_card_length = (13..=19).contains(&number.len());
    if column == Column::BankCard && !has_card_length
        || !(SHORTEST_ACCOUNT..=LONGEST_ACCOUNT).contains(&number.len())
    {
        return Err(IssueCode::Length);
    }
    if is_one_character(&number) {
        return Err(IssueCode::Placeholder);
    }
    if has_card_length && luhn_holds(&number) {
        out.keep(Kind::BankCard, &number);
        return Ok(());
    }
    out.keep(Kind::Account, &number);
    if column == Column::BankCard {
        out.warn(IssueCode::CardCheck);
    }
    Ok(())
}

/// Every second digit from the right is doubled and its digits added.
fn luhn_holds(number: &str) -> bool {
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let digit = u32::from(b - b'0');
            if i % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    sum.is_multiple_of(10)
}
