//! What is done to every text, in this order, before a kind looks at it.
//!
//! Comes in: a cell. Goes out: its values, each without invisible characters, in NFKC, trimmed; and for the kinds of
//! digits a compact form or the reason why there is none. Fails: with an [`IssueCode`], never with the text in it.
//!
//! Sources: NFKC is Unicode Standard Annex 15; which characters are invisible, bidi controls or variation selectors is
//! chapter 23 of the Unicode Standard. The traps are looked for *before* NFKC, because NFKC makes a plain 1 out of ①,
//! ¹ and 𝟏 and then nothing tells them from a digit that somebody typed.

use std::ops::Deref;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_compatible;
use zeroize::Zeroizing;

use super::IssueCode;

/// One value after NFKC, and whether a digit in it came from anything but ASCII or full width.
pub(super) struct Prepared {
    text: Zeroizing<String>,
    odd_digits: bool,
}

impl Deref for Prepared {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

/// The values of a cell: between semicolons of both widths and line breaks, empty ones dropped.
pub(super) fn values(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(|c| {
        matches!(c, ';' | '；' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
    })
    .filter(|value| !value.is_empty())
}

/// Removes the invisible, applies NFKC, trims, and notes the digits that nobody typed as digits.
pub(super) fn prepare(raw: &str) -> Prepared {
    let mut text = Zeroizing::new(String::with_capacity(raw.len() + 8));
    if raw.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        text.push_str(raw.trim());
        return Prepared { text, odd_digits: false };
    }
    let mut odd_digits = false;
    let visible = raw.chars().filter(|&c| !is_invisible(c)).inspect(|&c| odd_digits |= hides_a_digit(c));
    for c in visible.nfkc() {
        text.push(c);
    }
    // Thai, Arabic-Indic and other digits stay what they are under NFKC.
    odd_digits |= text.chars().any(|c| !c.is_ascii() && c.is_numeric());
    let end = text.trim_end().len();
    text.truncate(end);
    let blank = text.len() - text.trim_start().len();
    text.drain(..blank);
    Prepared { text, odd_digits }
}

impl Prepared {
    /// Whether a digit in it was neither ASCII nor full width.
    pub(super) const fn has_odd_digits(&self) -> bool {
        self.odd_digits
    }

    /// A part of this value, with the same standing.
    pub(super) fn part(&self, text: &str) -> Self {
        Self { text: Zeroizing::new(text.to_owned()), odd_digits: self.odd_digits }
    }

    /// For the kinds of digits: refuses the traps, then removes white space, dashes, dots and brackets and makes
    /// Latin letters upper case.
    pub(super) fn compact(&self) -> Result<Zeroizing<String>, IssueCode> {
        self.refuse_traps()?;
        Ok(compact(self))
    }

    /// As [`Self::compact`], for kinds that nobody writes with one point in the middle: a fraction is a number's.
    pub(super) fn compact_whole(&self) -> Result<Zeroizing<String>, IssueCode> {
        if fraction(self).is_some() {
            return Err(IssueCode::Rounded);
        }
        self.compact()
    }

    /// Refuses what a spreadsheet or a program has turned into a number.
    pub(super) fn refuse_rounded(&self) -> Result<(), IssueCode> {
        if is_rounded(self) { Err(IssueCode::Rounded) } else { Ok(()) }
    }

    /// The traps of the kinds of digits.
    pub(super) fn refuse_traps(&self) -> Result<(), IssueCode> {
        if self.odd_digits {
            return Err(IssueCode::DigitForm);
        }
        if self.chars().any(looks_like_latin) {
            return Err(IssueCode::LookAlike);
        }
        if is_masked(self) {
            return Err(IssueCode::Masked);
        }
        self.refuse_rounded()
    }
}

/// Removes what the kinds of digits lose, and upper-cases.
pub(super) fn compact(text: &str) -> Zeroizing<String> {
    let mut compact = Zeroizing::new(String::with_capacity(text.len()));
    for c in text.chars() {
        if !(c.is_whitespace() || is_dash(c) || is_dot(c) || is_bracket(c)) {
            compact.push(c.to_ascii_uppercase());
        }
    }
    compact
}

/// Lower case of the whole text, in NFKC again: folding case can leave a sequence that composes.
pub(super) fn lower(text: &str) -> Zeroizing<String> {
    if text.is_ascii() {
        return Zeroizing::new(text.to_ascii_lowercase());
    }
    Zeroizing::new(text.chars().flat_map(char::to_lowercase).nfkc().collect())
}

/// Upper case of the whole text, in NFKC again.
pub(super) fn upper(text: &str) -> Zeroizing<String> {
    if text.is_ascii() {
        return Zeroizing::new(text.to_ascii_uppercase());
    }
    Zeroizing::new(text.chars().flat_map(char::to_uppercase).nfkc().collect())
}

/// Whether all of it is ASCII digits, and there is one.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether all characters are one and the same: what people type to get past a form.
pub(super) fn is_one_character(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| bytes.all(|b| b == first))
}

/// Characters without ink that NFKC leaves in.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'                            // C0 and C1 controls
        | '\u{ad}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}'   // soft hyphen, zero width, joiners
        | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'  // bidi controls
        | '\u{180b}'..='\u{180d}' | '\u{180f}'                           // variation selectors
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether NFKC would make an ASCII digit of a character that is neither ASCII nor a full-width digit.
fn hides_a_digit(c: char) -> bool {
    if c.is_ascii() || matches!(c, '０'..='９') || is_han(c) {
        return false;
    }
    let mut found = false;
    decompose_compatible(c, |part| found |= part.is_ascii_digit());
    found
}

/// Greek and Cyrillic letters, and the signs that pass for an X.
const fn looks_like_latin(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{1f00}'..='\u{1fff}' | '\u{2de0}'..='\u{2dff}'
        | '\u{a640}'..='\u{a69f}' | '×' | '✕' | '✖' | '╳' | '❌')
}

/// Whether characters were blanked out: an asterisk, or a run of dots or dashes where digits should be.
fn is_masked(text: &str) -> bool {
    let (mut dots, mut dashes) = (0, 0);
    for c in text.chars() {
        dots = if is_dot(c) { dots + 1 } else { 0 };
        dashes = if is_dash(c) { dashes + 1 } else { 0 };
        if c == '*' || dots > 1 || dashes > 2 {
            return true;
        }
    }
    false
}

/// Whether a spreadsheet or a program has turned the digits into a number: `1.10105E+17`, `1.23456789E8` as Java writes
/// it, `13912345678.0`. Taking the dot out would silently make another number of it.
fn is_rounded(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return fraction(text).is_some_and(|fraction| fraction.bytes().all(|digit| digit == b'0'));
    };
    if !is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)) {
        return false;
    }
    match mantissa.split_once('.') {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        // Without a point and a plus it may be a code that has an E in it.
        None => exponent.starts_with('+') && is_digits(mantissa),
    }
}

/// What stands behind the one point of a number that has more digits before it than people put before a dot.
fn fraction(text: &str) -> Option<&str> {
    let (whole, fraction) = text.split_once('.')?;
    (whole.len() > 4 && is_digits(whole) && is_digits(fraction)).then_some(fraction)
}

/// Hyphens and dashes, also the drawn and the long-vowel ones that input methods give for a dash.
pub(super) const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{58a}' | '\u{5be}' | '\u{1806}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{2212}'
                | '\u{2500}'
                | '\u{2501}'
                | '\u{2e3a}'
                | '\u{2e3b}'
                | '\u{30fc}'
                | '\u{30a0}'
    )
}

/// Dots at any height.
pub(super) const fn is_dot(c: char) -> bool {
    matches!(c, '.' | '·' | '•' | '‧' | '∙' | '⋅' | '・' | '。')
}

/// Brackets of every shape, opening and closing.
pub(super) const fn is_bracket(c: char) -> bool {
    matches!(
        c,
        '(' | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | '【'
            | '】'
            | '〔'
            | '〕'
            | '〖'
            | '〗'
            | '「'
            | '」'
            | '『'
            | '』'
            | '《'
            | '》'
            | '〈'
            | '〉'
            | '‹'
            | '›'
            | '⟨'
            | '⟩'
    )
}

/// Chinese characters.
pub(super) const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}' | '々' | '〇')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_semicolons_and_line_breaks() {
        let parts: Vec<_> = values("a;b；c\r\nd\u{2028}e;;\n").collect();
        assert_eq!(parts, ["a", "b", "c", "d", "e"]);
        assert_eq!(values(";；\n").count(), 0);
    }

    #[test]
    fn removes_every_invisible_character_before_nfkc() {
        let invisible = "\u{feff}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2060}\u{ad}\u{202a}\u{202e}\u{2066}\u{2069}\
                         \u{61c}\u{fe0e}\u{fe0f}\u{e0100}\u{0}\t\u{7f}\u{9f}";
        assert_eq!(&*prepare(&format!("1{invisible}2{invisible}")), "12");
    }

    #[test]
    fn nfkc_then_trim() {
        assert_eq!(&*prepare("\u{3000}Ａ１Ⅹ⽂ ｱ\u{a0}"), "A1X文 ア");
    }

    #[test]
    fn digits_that_nobody_typed_are_noted() {
        for odd in ["①", "½", "²", "⒈", "𝟏", "٣", "๑", "१", "⑴", "㍙", "㉑"] {
            assert!(prepare(odd).has_odd_digits(), "{odd}");
        }
        for plain in ["1", "１", "Ⅹ", "文1", "ｘ"] {
            assert!(!prepare(plain).has_odd_digits(), "{plain}");
        }
    }

    #[test]
    fn compact_loses_spaces_dashes_dots_brackets() {
        assert_eq!(compact("(a1)[2]【3】 4-5—6−7–8.9·0•1").as_str(), "A12345678901");
    }

    #[test]
    fn blanked_out_and_rounded_are_told_apart_from_separators() {
        for masked in ["138****5678", "6222……1234", "6222••••1234", "6222----1234"] {
            assert_eq!(prepare(masked).compact().err(), Some(IssueCode::Masked), "{masked}");
        }
        for rounded in [
            "1.10105E+17",
            "1.39e+10",
            "1E+17",
            "1.23456789E8",
            "1.23e5",
            "1.5E-3",
            "13912345678.0",
            "10001.0",
            "13912345678.000",
            "１２３４５６７８．００",
        ] {
            assert_eq!(prepare(rounded).compact().err(), Some(IssueCode::Rounded), "{rounded}");
        }
        for fine in [
            "139.1234.5678",
            "0591--8765",
            "0591.87654321",
            "闽A·12345",
            "1234E5",
            "E12345678",
            "139123.45678",
        ] {
            assert!(prepare(fine).compact().is_ok(), "{fine}");
        }
        for fraction in ["12345678.25", "123456789.000", "10001.5"] {
            assert_eq!(prepare(fraction).compact_whole().err(), Some(IssueCode::Rounded), "{fraction}");
        }
        for fine in ["6222.0200.0000.0000", "6222.02", "12345·67890", "M00010.0"] {
            assert!(prepare(fine).compact_whole().is_ok(), "{fine}");
        }
    }
}
