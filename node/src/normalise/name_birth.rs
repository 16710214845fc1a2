//! A name together with a birth date: one identifier, because a name alone is shared by many.
//!
//! Comes in: the two cells. Goes out: `name-birth`, `name/YYYY-MM-DD`. Refuses blanked-out names: `王*` born on one day
//! is not one person. Sources: GB/T 7408.1-2023 (date text); the separator of transcribed names is U+00B7, as
//! GB/T 15834-2011, clause 4.14, has it.

use jiff::civil::Date;
use lianfang_proto::catalogue::Kind;
use zeroize::Zeroizing;

use super::text::{Prepared, is_dash, is_digits, is_han, prepare, upper, values};
use super::{CELL_BYTES, Findings, IssueCode, Place, VALUE_BYTES, cn_id, gathering::Gathering};

const LONGEST_NAME: usize = 100;

pub(super) fn read(name: &str, birth_date: &str, today: Date) -> Findings {
    let mut out = Gathering::new(Place::Name);
    let names = prepared(name, Place::Name, &mut out);
    let dates = prepared(birth_date, Place::BirthDate, &mut out);
    let Some(first) = dates.first().filter(|_| !names.is_empty()) else { return out.finish() };
    if dates.len() > 1 {
        out.refuse_at(Place::BirthDate, IssueCode::BirthDates);
        return out.finish();
    }
    match date(first, today) {
        Ok(date) => {
            for name in &names {
                match canonical_name(name) {
                    Ok(name) => out.keep(Kind::NameBirth, &Zeroizing::new(format!("{}/{date}", *name))),
                    Err(code) => out.refuse(code),
                }
            }
        }
        Err(code) => out.refuse_at(Place::BirthDate, code),
    }
    out.finish()
}

/// The values of a cell, prepared; those that are too long are refused.
fn prepared(cell: &str, place: Place, out: &mut Gathering) -> Vec<Prepared> {
    if cell.len() > CELL_BYTES {
        out.refuse_at(place, IssueCode::CellTooLong);
        return Vec::new();
    }
    let mut kept = Vec::new();
    for raw in values(cell) {
        let value = if raw.len() > VALUE_BYTES { None } else { Some(prepare(raw)) };
        match value {
            Some(value) if value.is_empty() => {}
            Some(value) if value.chars().count() <= LONGEST_NAME => kept.push(value),
            _ => out.refuse_at(place, IssueCode::ValueTooLong),
        }
    }
    kept
}

/// Unifies dots and blanks and upper-cases; refuses what is no name.
fn canonical_name(name: &Prepared) -> Result<Zeroizing<String>, IssueCode> {
    let upper = upper(name);
    if upper.contains('*') || upper.contains('某') {
        return Err(IssueCode::Masked);
    }
    let mut text = Zeroizing::new(String::with_capacity(upper.len()));
    let mut blank = false;
    let mut characters = upper.chars().peekable();
    while let Some(c) = characters.next() {
        let before = text.chars().next_back();
        let c = match c {
            '•' | '‧' | '∙' | '⋅' | '・' => '·',
            '.' | '。' if before.is_some_and(is_han) && next_visible_is_han(&characters) => '·',
            other => other,
        };
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        if !(c.is_alphabetic() || is_han(c) || is_mark(c) || matches!(c, '·' | '\'' | '’' | '-' | '.' | ','))
        {
            return Err(IssueCode::Character);
        }
        // Blanks stay between words of Latin and other letters, not beside Han characters or the middle dot.
        let joins = |c: char| is_han(c) || c == '·';
        if blank && before.is_some_and(|b| !(joins(b) && joins(c)) && b != '·' && c != '·') {
            text.push(' ');
        }
        blank = false;
        if !(c == '·' && text.ends_with('·')) {
            text.push(c);
        }
    }
    if text.chars().filter(|c| c.is_alphabetic()).count() < 2 || text.starts_with('·') || text.ends_with('·')
    {
        return Err(IssueCode::Form);
    }
    Ok(text)
}

fn next_visible_is_han(rest: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    rest.clone().find(|c| !c.is_whitespace()).is_some_and(is_han)
}

/// Combining marks of the scripts in which names are written with them.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{f18}'..='\u{fbc}')
}

/// Year, month and day in one of the usual writings; a time of day behind it is cut.
fn date(text: &Prepared, today: Date) -> Result<Date, IssueCode> {
    text.refuse_traps()?;
    let text: &str = text;
    let day = match text.split_once(['T', ' ']) {
        Some((day, time)) if time.contains(':') => day,
        _ => text,
    };
    let plain: String = day.chars().filter(|c| !c.is_whitespace() && !matches!(c, '日' | '号')).collect();
    let parts: Vec<&str> = if plain.len() == 8 && is_digits(&plain) {
        vec![&plain[..4], &plain[4..6], &plain[6..]]
    } else {
        plain.split(|c: char| matches!(c, '/' | '.' | '年' | '月') || is_dash(c)).collect()
    };
    let [year, month, day] = parts[..] else { return Err(IssueCode::DateInvalid) };
    if year.len() != 4
        || ![month, day].iter().all(|part| part.len() <= 2)
        || !parts.iter().all(|p| is_digits(p))
    {
        return Err(IssueCode::DateInvalid);
    }
    let number = |part: &str| part.parse::<i16>().map_err(|_| IssueCode::DateInvalid);
    let date = cn_id::day_of(number(year)?, number(month)?, number(day)?).ok_or(IssueCode::DateInvalid)?;
    if date > today { Err(IssueCode::DateFuture) } else { Ok(date) }
}
