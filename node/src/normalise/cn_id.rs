//! 居民身份证: the citizen identification number.
//!
//! Comes in: a prepared text. Goes out: 18 characters of `cn-id`, or why not. Sources: GB 11643-1999, chapter 4 (its
//! parts: region, birth date, sequence, check character) and appendix A (ISO 7064 MOD 11-2); the change from 15 to 18
//! characters: State Council notice 国发〔1999〕15号. A region is never a reason to refuse: regions get abolished and
//! people keep theirs.

use jiff::civil::Date;
use lianfang_proto::catalogue::Kind;

use super::text::{Prepared, is_digits};
use super::{IssueCode, gathering::Gathering};

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];

pub(super) fn read(value: &Prepared, today: Date, out: &mut Gathering) -> Result<(), IssueCode> {
    let number = value.compact()?;
    if !number.bytes().all(|b| b.is_ascii_digit() || b == b'X') {
        return Err(IssueCode::Character);
    }
    match number.len() {
        15 => old(&number, today, out),
        18 => new(&number, today, out),
        _ => Err(IssueCode::Length),
    }
}

fn new(number: &str, today: Date, out: &mut Gathering) -> Result<(), IssueCode> {
    let (body, check) = number.split_at(17);
    if !is_digits(body) {
        return Err(IssueCode::Form);
    }
    birth_date(&body[6..14], today)?;
    if !check.starts_with(check_character(body)) {
        return Err(IssueCode::CheckDigit);
    }
    out.keep(Kind::CnId, number);
    Ok(())
}

/// The form issued until 1999: no century, no check character.
fn old(number: &str, today: Date, out: &mut Gathering) -> Result<(), IssueCode> {
    if !is_digits(number) {
        return Err(IssueCode::Form);
    }
    let (region, rest) = number.split_at(6);
    let mut full = zeroize::Zeroizing::new(String::with_capacity(18));
    full.push_str(region);
    full.push_str("19");
    full.push_str(rest);
    birth_date(&full[6..14], today)?;
    let check = check_character(&full);
    full.push(check);
    out.keep(Kind::CnId, &full);
    if region.starts_with('9') || ["81", "82", "83"].iter().any(|new| region.starts_with(new)) {
        out.warn(IssueCode::OldRegion);
    }
    if &number[12..] >= "996" {
        out.warn(IssueCode::OldCentury);
    }
    Ok(())
}

/// Eight digits must be a day of the calendar that has come.
fn birth_date(digits: &str, today: Date) -> Result<(), IssueCode> {
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|d| d.parse::<i16>().ok());
    let date = match (number(0..4), number(4..6), number(6..8)) {
        (Some(year), Some(month), Some(day)) => day_of(year, month, day),
        _ => None,
    };
    let date = date.ok_or(IssueCode::DateInvalid)?;
    if date > today { Err(IssueCode::DateFuture) } else { Ok(()) }
}

/// A day of the calendar, from the year 1 on.
pub(super) fn day_of(year: i16, month: i16, day: i16) -> Option<Date> {
    if year < 1 {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn check_character(body: &str) -> char {
    let sum: u32 = body.bytes().zip(WEIGHTS).map(|(b, weight)| u32::from(b - b'0') * weight).sum();
    CHECKS[(sum % 11) as usize]
}
