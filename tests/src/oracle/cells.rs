//! The words of a register's closed lists, read for the clear answer.
//!
//! Comes in: the text of a cell. Goes out: a value, or nothing where it cannot be read. NFKC is not done in full: of all
//! that it unifies, full width is what a typed word of these lists can have.

use lianfang_proto::catalogue::{Grade, Role, Typology};

/// Without what is not seen, trimmed.
pub(super) fn visible(cell: &str) -> String {
    let unseen = |c: char| {
        c.is_control()
            || matches!(u32::from(c), 0xAD | 0x61C | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060 | 0x2066..=0x2069
                | 0xFE00..=0xFE0F | 0xFEFF | 0xE0100..=0xE01EF)
    };
    cell.chars().filter(|&c| !unseen(c)).collect::<String>().trim().to_owned()
}

/// As [`visible`], in half width and lower case.
fn word(cell: &str) -> String {
    let narrow = |c: char| match u32::from(c) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        0x3000 => ' ',
        _ => c,
    };
    visible(cell).chars().map(narrow).collect::<String>().trim().to_lowercase()
}

/// A header as it is compared. A zero character is kept, so that it spoils the name.
pub(super) fn folded(header: &str) -> String {
    let zero = if header.contains('\0') { "\u{2400}" } else { "" };
    word(header).replace(|c: char| c == '_' || c.is_whitespace(), "-") + zero
}

pub(super) fn role(cell: &str) -> Option<Role> {
    match word(cell).as_str() {
        "agent" | "代理人" => Some(Role::Agent),
        "agency" | "代理机构" => Some(Role::Agency),
        "" | "complainant" | "投诉人" => Some(Role::Complainant),
        // A victim stays out as surely as a word that cannot be read.
        _ => None,
    }
}

pub(super) fn grade(cell: &str) -> Grade {
    match word(cell).as_str() {
        "a" | "judged" | "已判决" | "判决" | "已裁判" | "已认定" => Grade::Judged,
        "b" | "documented" | "有书证" | "书证" | "有证据" | "有据" => Grade::Documented,
        _ => Grade::Suspected,
    }
}

pub(super) fn typologies(cell: &str) -> Vec<Typology> {
    let separators = [';', '；', '、', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
    let words: Vec<String> = cell.split(separators).map(word).filter(|word| !word.is_empty()).collect();
    let known = |word: &String| {
        Typology::ALL
            .iter()
            .copied()
            .find(|one| [one.code(), &one.chinese().to_lowercase()].contains(&word.as_str()))
    };
    let mut found: Vec<Typology> = words.iter().map(known).collect::<Option<_>>().unwrap_or_default();
    found.sort_unstable();
    found.dedup();
    found
}

/// `YYYY-MM` of a date, or nothing where it is none.
pub(super) fn month(cell: &str) -> String {
    let word = word(cell);
    let day = word.split([' ', 't']).next().unwrap_or_default();
    let time = word.get(day.len() + 1..).unwrap_or_default();
    let numbers: Vec<&str> = if day.len() == 8 && !day.contains(|c: char| !c.is_ascii_digit()) {
        vec![&day[..4], &day[4..6], &day[6..]]
    } else {
        day.strip_suffix(['日', '号']).unwrap_or(day).split(['-', '/', '.', '年', '月']).collect()
    };
    let [year, month, day] = numbers.as_slice() else { return String::new() };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let plausible =
        year.len() == 4 && month.len() <= 2 && day.len() <= 2 && digits(year) && digits(month) && digits(day);
    let time_plausible = !time.contains(|c: char| !(c.is_ascii_digit() || ":.+-z ".contains(c)));
    let normal = format!("{year}-{month:0>2}-{day:0>2}");
    let real = normal.parse::<jiff::civil::Date>().is_ok_and(|date| (1900..2200).contains(&date.year()));
    if plausible && time_plausible && real { normal[..7].to_owned() } else { String::new() }
}
