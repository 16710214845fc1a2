//! The part of an address below the district: house, building, unit, room.
//!
//! Comes in: cleaned text behind the chain. Goes out: the same with one word for each level (号, 弄, 栋, 单元, 室), numbers
//! before these words in Arabic digits, and where building and unit end. Source: GB/T 23705-2009, clause 5.4.

use zeroize::Zeroizing;

use super::super::text::is_digits;

/// A word behind a number: as written, as unified, and what it ends.
const WORDS: [(&str, &str, Level); 16] = [
    ("号楼", "栋", Level::Block),
    ("号房", "室", Level::Room),
    ("号室", "室", Level::Room),
    ("号单元", "单元", Level::Unit),
    ("号", "号", Level::House),
    ("弄", "弄", Level::Lane),
    ("栋", "栋", Level::Block),
    ("幢", "栋", Level::Block),
    ("座", "栋", Level::Block),
    ("#", "栋", Level::Block),
    ("单元", "单元", Level::Unit),
    ("室", "室", Level::Room),
    ("房间", "室", Level::Room),
    ("房", "室", Level::Room),
    ("层", "层", Level::Floor),
    ("楼", "楼", Level::Floor),
];

/// Behind 号 or 弄 these make a road or a place of it: 三号路, 10号线.
const NO_HOUSE: [char; 10] = ['路', '线', '街', '道', '桥', '巷', '门', '码', '渠', '井'];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Lane,
    House,
    Block,
    Unit,
    Floor,
    Room,
}

/// The detail in its unified form.
#[derive(Default)]
pub(super) struct Detail {
    pub(super) text: Zeroizing<String>,
    /// Where the building ends.
    pub(super) building: Option<usize>,
    /// Where the unit or room ends.
    pub(super) unit: Option<usize>,
}

/// Where each level was last or first seen.
#[derive(Default)]
struct Marks {
    lane: Option<usize>,
    house: Option<usize>,
    block: Option<usize>,
    unit: Option<usize>,
    room: Option<usize>,
    /// Where the last word of any level ended, and which.
    last: Option<(usize, Level)>,
}

/// A second pass sees what the first one brought together (`A三栋` is `A3栋`), so that unified text stays as it is. Each
/// pass but the last shortens or spells out something; four are more than any address needs.
pub(super) fn normalise(text: &str) -> Detail {
    let mut detail = pass(text);
    for _ in 0..4 {
        let next = pass(&detail.text);
        if next.text == detail.text {
            break;
        }
        detail = next;
    }
    detail
}

fn pass(text: &str) -> Detail {
    let mut out = Zeroizing::new(String::with_capacity(text.len() + 8));
    let mut marks = Marks::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let ordinal = rest.strip_prefix('第').unwrap_or(rest);
        let length = number_length(ordinal);
        let (number, behind) = ordinal.split_at(length);
        let found = if length == 0 { None } else { word(number, behind) };
        if let Some(((written, unified, level), digits)) = found {
            // Where the word of an ordinal stood between two dashes, one is left.
            let digits = if out.ends_with('-') { digits.trim_start_matches('-') } else { &digits };
            out.push_str(digits);
            out.push_str(unified);
            rest = &behind[written.len()..];
            if level == Level::Block {
                rest = rest.trim_start_matches('楼');
            }
            if !(matches!(level, Level::House | Level::Lane) && rest.starts_with(NO_HOUSE)) {
                marks.set(level, out.len());
            }
        } else if length > 0 && ordinal.len() == rest.len() {
            out.push_str(number);
            rest = behind;
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    complete_room(&mut out, &mut marks);
    Detail {
        building: marks.house.or(marks.block).or(marks.lane),
        unit: marks.room.or(marks.unit),
        text: out,
    }
}

impl Marks {
    fn set(&mut self, level: Level, end: usize) {
        match level {
            // The first house number is the compound's; what comes later lies inside it.
            Level::House => self.house = self.house.or(Some(end)),
            Level::Block => self.block = self.block.or(Some(end)),
            Level::Lane => self.lane = self.lane.or(Some(end)),
            Level::Unit => self.unit = Some(end),
            Level::Room => self.room = Some(end),
            Level::Floor => {}
        }
        self.last = Some((end, level));
    }
}

/// `3栋502` ends with a room whose word was left out.
fn complete_room(out: &mut String, marks: &mut Marks) {
    let Some((end, level)) = marks.last else { return };
    let shortest = match level {
        Level::Block | Level::Unit | Level::Floor => 2,
        Level::House => 3,
        Level::Lane | Level::Room => return,
    };
    let number = &out[end..];
    let digits = number.strip_suffix(|c: char| c.is_ascii_uppercase()).unwrap_or(number);
    if is_digits(digits) && (shortest..=5).contains(&digits.len()) {
        out.push('室');
        marks.room = Some(out.len());
    }
}

/// Bytes of the number that begins the text: Latin letters, digits and dashes, or Chinese numerals.
fn number_length(text: &str) -> usize {
    let latin = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(text.len());
    if latin > 0 {
        return latin;
    }
    text.find(|c: char| numeral(c).is_none()).unwrap_or(text.len())
}

type Word = (&'static str, &'static str, Level);

/// The word behind a number, with the number in Arabic digits; `None` if no such word follows or it is no number.
fn word(number: &str, behind: &str) -> Option<(Word, String)> {
    let word = *WORDS.iter().find(|(written, ..)| behind.starts_with(written))?;
    let (written, _, level) = word;
    if level == Level::Room
        && written.starts_with('房')
        && behind[written.len()..].starts_with(['屋', '产', '地'])
    {
        return None;
    }
    if !number.is_ascii() {
        return Some((word, arabic(number)?));
    }
    // A座 and B单元 are named by a letter; a house or a room has a digit.
    let lettered = matches!(level, Level::Block | Level::Unit);
    if !lettered && !number.bytes().any(|b| b.is_ascii_digit())
        || written.starts_with('#') && !is_digits(number)
    {
        return None;
    }
    let number =
        if level == Level::Room || !is_digits(number) { number } else { number.trim_start_matches('0') };
    Some((word, if number.is_empty() { "0".to_owned() } else { number.to_owned() }))
}

/// The value of a Chinese numeral; ten, a hundred and a thousand are units.
const fn numeral(c: char) -> Option<u32> {
    Some(match c {
        '〇' | '零' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        '百' => 100,
        '千' => 1000,
        _ => return None,
    })
}

/// `八十九` is 89, `五〇二` is 502; `None` for what is neither a counted nor a spelled number.
fn arabic(number: &str) -> Option<String> {
    let values: Vec<u32> = number.chars().map(numeral).collect::<Option<_>>()?;
    if values.iter().all(|&v| v < 10) {
        return values.iter().map(|&v| char::from_digit(v, 10)).collect();
    }
    let (mut total, mut digit, mut unit_before) = (0, None, 10_000);
    for value in values {
        if value < 10 {
            if digit.is_some_and(|d| d != 0) {
                return None;
            }
            digit = Some(value);
        } else {
            if value >= unit_before {
                return None;
            }
            total += digit.filter(|&d| d > 0).unwrap_or(1) * value;
            (digit, unit_before) = (None, value);
        }
    }
    Some((total + digit.unwrap_or(0)).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_numerals() {
        for (chinese, digits) in [
            ("八十九", "89"),
            ("十", "10"),
            ("十二", "12"),
            ("二十", "20"),
            ("一百零二", "102"),
            ("五〇二", "502"),
            ("一千二百三十四", "1234"),
            ("三", "3"),
            ("一百", "100"),
        ] {
            assert_eq!(arabic(chinese).as_deref(), Some(digits));
        }
        for odd in ["十十", "五三十", "十百"] {
            assert_eq!(arabic(odd), None);
        }
    }

    #[test]
    fn one_word_for_each_level() {
        for (written, unified, building, unit) in [
            ("五四路89号", "五四路89号", Some("五四路89号"), None),
            (
                "五四路八十九号三幢五〇二室",
                "五四路89号3栋502室",
                Some("五四路89号"),
                Some("五四路89号3栋502室"),
            ),
            ("五四路89号3号楼502房", "五四路89号3栋502室", Some("五四路89号"), Some("五四路89号3栋502室")),
            ("五四路89号3#502", "五四路89号3栋502室", Some("五四路89号"), Some("五四路89号3栋502室")),
            ("-第-十栋", "-10栋", Some("-10栋"), None),
            ("五四路89号第三座2单元", "五四路89号3栋2单元", Some("五四路89号"), Some("五四路89号3栋2单元")),
            (
                "长寿路123弄45号601",
                "长寿路123弄45号601室",
                Some("长寿路123弄45号"),
                Some("长寿路123弄45号601室"),
            ),
            ("万达广场A座1201", "万达广场A栋1201室", Some("万达广场A栋"), Some("万达广场A栋1201室")),
            ("三号路12号", "3号路12号", Some("3号路12号"), None),
            ("五一路12-1号", "五一路12-1号", Some("五一路12-1号"), None),
            ("侯官村", "侯官村", None, None),
        ] {
            let detail = normalise(written);
            assert_eq!(detail.text.as_str(), unified);
            assert_eq!(detail.building.map(|end| &detail.text[..end]), building);
            assert_eq!(detail.unit.map(|end| &detail.text[..end]), unit);
        }
    }
}
