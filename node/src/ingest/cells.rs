//! From the text of one cell to the value its column may have.
//!
//! Comes in: the text of a cell. Goes out: a value of the catalogue, a date, a clean text, or a refusal without reason
//! (the row knows the column, and so the reason). Codes and Chinese names are both read, after NFKC and case folding.
//! Never sees: identifiers, which go to the rules of identifiers as they stand. Fails: by refusal alone.

use jiff::civil::Date;
use lianfang_proto::catalogue::{Grade, Hold, Role, Typology};
use unicode_normalization::UnicodeNormalization;

/// Bytes of UTF-8 that a record may have.
pub const RECORD_BYTES: usize = 128;
/// Bytes of UTF-8 that a cell of a closed list, a date or a code may have.
pub const WORD_BYTES: usize = 1024;
/// Bytes of UTF-8 that any other cell may have.
pub const CELL_BYTES: usize = 256 * 1024;

/// Characters that are not seen: controls, marks of direction, joiners, soft hyphen, variation selectors.
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0100}'..='\u{E01EF}')
}

/// Whether it is ASCII that is seen, and blanks: then there is nothing to remove and nothing to compose.
fn is_plain(cell: &str) -> bool {
    cell.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Whether nothing of it would be kept.
pub(super) fn is_blank(cell: &str) -> bool {
    cell.chars().all(|c| is_invisible(c) || c.is_whitespace())
}

/// The text as it is kept: without what is not seen, trimmed, otherwise as written.
pub(super) fn text(cell: &str) -> String {
    if is_plain(cell) {
        return cell.trim().to_owned();
    }
    let visible: String = cell.chars().filter(|&c| !is_invisible(c)).collect();
    visible.trim().to_owned()
}

/// Free text: as [`text`], but with its lines.
pub(super) fn lines(cell: &str) -> String {
    if is_plain(cell) {
        return cell.trim().to_owned();
    }
    let visible: String = cell.chars().filter(|&c| c == '\n' || !is_invisible(c)).collect();
    visible.trim().to_owned()
}

/// The form in which words of a closed list are compared.
fn word(cell: &str) -> String {
    if is_plain(cell) {
        return cell.trim().to_ascii_lowercase();
    }
    text(cell).nfkc().collect::<String>().trim().to_lowercase()
}

/// A cell that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// A role; an empty cell is a complainant.
pub(super) fn role(cell: &str) -> Result<Role, Unreadable> {
    match word(cell).as_str() {
        "" | "complainant" | "投诉人" => Ok(Role::Complainant),
        "agent" | "代理人" => Ok(Role::Agent),
        "agency" | "代理机构" => Ok(Role::Agency),
        "victim" | "受害人" => Ok(Role::Victim),
        _ => Err(Unreadable),
    }
}

/// A hold; an empty cell is none.
pub(super) fn hold(cell: &str) -> Result<Option<Hold>, Unreadable> {
    match word(cell).as_str() {
        "" => Ok(None),
        "hardship" | "困难" => Ok(Some(Hold::Hardship)),
        "dispute" | "争议" => Ok(Some(Hold::Dispute)),
        "victim" | "受害" => Ok(Some(Hold::Victim)),
        _ => Err(Unreadable),
    }
}

/// An evidence grade; an empty cell is suspected.
pub(super) fn grade(cell: &str) -> Result<Grade, Unreadable> {
    match word(cell).as_str() {
        "" | "c" | "suspected" | "疑似" | "嫌疑" | "怀疑" => Ok(Grade::Suspected),
        "a" | "judged" | "已判决" | "判决" | "已裁判" | "已认定" => Ok(Grade::Judged),
        "b" | "documented" | "有书证" | "书证" | "有证据" | "有据" => Ok(Grade::Documented),
        _ => Err(Unreadable),
    }
}

/// Typologies by code or name, in the order of the catalogue, each once. One unknown word makes the cell unreadable.
pub(super) fn typologies(cell: &str) -> Result<Vec<Typology>, Unreadable> {
    let mut found = Vec::new();
    for part in cell.split([';', '；', '\n', '\r', '、', '\u{85}', '\u{2028}', '\u{2029}']) {
        let word = word(part);
        if word.is_empty() {
            continue;
        }
        let known =
            |typology: &Typology| typology.code() == word || typology.chinese().to_lowercase() == word;
        found.push(Typology::ALL.iter().copied().find(known).ok_or(Unreadable)?);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// A date as `2024-01-31`, `2024/1/31`, `2024.1.31`, `20240131` or `2024年1月31日`, a time of day behind it being dropped.
pub(super) fn date(cell: &str) -> Result<Option<Date>, Unreadable> {
    let word = word(cell);
    if word.is_empty() {
        return Ok(None);
    }
    let (day, time) = word.split_once([' ', 't']).unwrap_or((&word, ""));
    if time.chars().any(|c| !(c.is_ascii_digit() || matches!(c, ':' | '.' | '+' | '-' | 'z' | ' '))) {
        return Err(Unreadable);
    }
    let parts: Vec<&str> = match day {
        packed if packed.len() == 8 && packed.bytes().all(|byte| byte.is_ascii_digit()) => {
            [0..4, 4..6, 6..8].into_iter().filter_map(|range| packed.get(range)).collect()
        }
        written => {
            written.strip_suffix(['日', '号']).unwrap_or(written).split(['-', '/', '.', '年', '月']).collect()
        }
    };
    let [year, month, day] = parts.as_slice() else { return Err(Unreadable) };
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let plain = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i16>().ok().filter(|_| plain).ok_or(Unreadable)
    };
    let (year, month, day) = (number(year, 4..=4)?, number(month, 1..=2)?, number(day, 1..=2)?);
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else { return Err(Unreadable) };
    Date::new(year, month, day).ok().filter(|_| (1900..2200).contains(&year)).map(Some).ok_or(Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_takes_the_short_way_to_the_same_end() {
        for cell in
            ["", " ", "agent", " A b ", "\tA", "\u{3000}", "\u{200B} ", "ＡＢ", "a\nb", "\u{FEFF}x", "é"]
        {
            let visible: String = cell.chars().filter(|&c| !is_invisible(c)).collect();
            assert_eq!(text(cell), visible.trim(), "{cell:?}");
            assert_eq!(word(cell), visible.nfkc().collect::<String>().trim().to_lowercase(), "{cell:?}");
            assert_eq!(is_blank(cell), text(cell).is_empty(), "{cell:?}");
        }
    }

    #[test]
    fn words_in_both_languages() {
        assert_eq!(role(" Ａｇｅｎｔ "), Ok(Role::Agent));
        assert_eq!(role("代理机构"), Ok(Role::Agency));
        assert_eq!(role("\u{FEFF}"), Ok(Role::Complainant));
        assert_eq!(role("律师"), Err(Unreadable));
        assert_eq!(hold("争议"), Ok(Some(Hold::Dispute)));
        assert_eq!(hold("无"), Err(Unreadable));
        assert_eq!(grade("ａ"), Ok(Grade::Judged));
        assert_eq!(grade("D"), Err(Unreadable));
        for &typology in Typology::ALL {
            assert_eq!(typologies(typology.code()), Ok(vec![typology]));
            assert_eq!(typologies(typology.chinese()), Ok(vec![typology]));
        }
    }

    #[test]
    fn several_typologies_in_catalogue_order() {
        let both = Ok(vec![Typology::IllegalAgency, Typology::AntiCollection]);
        assert_eq!(typologies("反催收；illegal-agency;\n反催收"), both);
        assert_eq!(typologies("反催收;不存在"), Err(Unreadable));
        assert_eq!(typologies(" ; "), Ok(vec![]));
    }

    #[test]
    fn dates_as_people_write_them() {
        let expected = Ok(Some(jiff::civil::date(2024, 1, 31)));
        for written in [
            "2024-01-31",
            "2024/1/31",
            "2024.1.31",
            "20240131",
            "2024年1月31日",
            "２０２４-０１-３１",
            "2024-01-31 00:00:00",
            "2024-01-31T08:15:00.000Z",
            "2024年01月31号",
        ] {
            assert_eq!(date(written), expected, "{written}");
        }
        assert_eq!(date("  "), Ok(None));
        for wrong in [
            "2023-02-29",
            "2024-13-01",
            "31/01/2024",
            "24-1-31",
            "2024-1",
            "45322",
            "2024-01-31 noon",
            "2024--1",
            "+024-1-1",
        ] {
            assert_eq!(date(wrong), Err(Unreadable), "{wrong}");
        }
    }
}
