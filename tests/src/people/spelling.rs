//! From a canonical identifier to what a clerk, a spreadsheet or an old system makes of it.
//!
//! Comes in: a kind, a canonical value, chance. Goes out: a text that rule set 1 must lead back to that value and to no
//! other. Nothing here is undone by the generator: the canonical value was there first.

use lianfang_proto::catalogue::Kind;

use super::Chance;

/// One of the ways to write a value of this kind.
pub(super) fn spell(kind: Kind, value: &str, chance: &mut Chance) -> String {
    let written = match kind {
        Kind::CnId => cn_id(value, chance),
        Kind::Mobile => mobile(value, chance),
        Kind::Landline => landline(value, chance),
        Kind::BankCard | Kind::Account => grouped(value, &[4, 4, 4, 4, 4], chance),
        Kind::Uscc => cased(grouped(value, &[2, 6, 9, 1], chance), chance),
        Kind::OrgCode => cased(grouped(value, &[8, 1], chance), chance),
        Kind::HkMoPermit => cased(format!("{value}{}", chance.pick(&["", "", "00", "01", "05"])), chance),
        Kind::Passport => {
            let domestic = value.strip_prefix("CN:").filter(|_| chance.often(80)).unwrap_or(value);
            cased(domestic.to_owned(), chance)
        }
        Kind::Plate => plate(value, chance),
        Kind::Email => cased_up(value, chance),
        Kind::Wechat => format!(
            "{}{}",
            chance.pick(&["", "", "微信：", "微信:", "WeiXin: ", "VX "]),
            cased_up(value, chance)
        ),
        Kind::Url => url(value, chance),
        Kind::Waybill => cased(value.to_owned(), chance),
        Kind::Qq | Kind::Alipay | Kind::Device | Kind::App => value.to_owned(),
        Kind::AddressBuilding | Kind::AddressUnit | Kind::Address => address(value, chance),
        Kind::NameBirth => return value.to_owned(),
    };
    padded(&widened(kind, written, chance), chance)
}

fn cn_id(value: &str, chance: &mut Chance) -> String {
    let old = value.get(6..8) == Some("19") && chance.often(20);
    if old {
        // Fifteen digits: no century, no check digit.
        return format!("{}{}", &value[..6], &value[8..17]);
    }
    cased(grouped(value, &[6, 8, 4], chance), chance)
}

fn mobile(value: &str, chance: &mut Chance) -> String {
    let Some(number) = value.strip_prefix("+86") else {
        let digits = value.trim_start_matches('+');
        return format!("{}{digits}", chance.pick(&["+", "00"]));
    };
    let prefix = chance.pick(&["", "", "", "+86", "+86 ", "0086", "86", "86-", "0", "17951", "(+86)"]);
    format!("{prefix}{}", grouped(number, &[3, 4, 4], chance))
}

fn landline(value: &str, chance: &mut Chance) -> String {
    let national = value.trim_start_matches("+86");
    let area = if national.starts_with("10") || national.starts_with("21") { 2 } else { 3 };
    let (area, local) = national.split_at(area);
    let extension = chance.pick(&["", "", "", "转801", " 转 12"]);
    match chance.below(5) {
        0 => format!("0{area}{local}{extension}"),
        1 => format!("(0{area}){local}{extension}"),
        2 => format!("+86-{area}-{local}"),
        3 => format!("0{area} {local}{extension}"),
        _ => format!("0{area}-{local}{extension}"),
    }
}

fn plate(value: &str, chance: &mut Chance) -> String {
    let (place, rest) = value.split_at('闽'.len_utf8() + 1);
    cased(format!("{place}{}{rest}", chance.pick(&["", "·", " ", "-", "."])), chance)
}

fn url(value: &str, chance: &mut Chance) -> String {
    let path = value.match_indices('/').nth(2).map_or(value.len(), |(place, _)| place);
    let (host, rest) = value.split_at(path);
    let host = if chance.often(30) { host.to_uppercase() } else { host.to_owned() };
    format!(
        "{host}{rest}{}",
        chance.pick(&["", "", "&utm_source=wx", "#top", "&utm_medium=sms&utm_campaign=a#x"])
    )
}

fn address(value: &str, chance: &mut Chance) -> String {
    match chance.below(3) {
        0 => value.replace('栋', "幢"),
        1 => value.replace('室', "房"),
        _ => value.to_owned(),
    }
}

/// Cuts into groups of these lengths with one separator between, or leaves whole.
fn grouped(value: &str, lengths: &[usize], chance: &mut Chance) -> String {
    let separator = chance.pick(&["", "", " ", "-", "\u{2013}", "\u{3000}"]);
    let (mut rest, mut groups) = (value, Vec::new());
    for &length in lengths {
        let (group, behind) = rest.split_at(length.min(rest.len()));
        groups.push(group);
        rest = behind;
    }
    groups.push(rest);
    groups.retain(|group| !group.is_empty());
    groups.join(separator)
}

fn cased(text: String, chance: &mut Chance) -> String {
    if chance.often(30) { text.to_lowercase() } else { text }
}

fn cased_up(text: &str, chance: &mut Chance) -> String {
    if chance.often(25) { text.to_uppercase() } else { text.to_owned() }
}

/// In full width, where a kind may be typed so.
fn widened(kind: Kind, text: String, chance: &mut Chance) -> String {
    let left_alone = matches!(kind, Kind::Url | Kind::App | Kind::Device | Kind::Address);
    if left_alone || !chance.often(15) {
        return text;
    }
    text.chars().map(wide).collect()
}

fn wide(c: char) -> char {
    match c {
        '!'..=':' | '<'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
        ' ' => '\u{3000}',
        other => other,
    }
}

/// With what exports leave around and inside: blanks, tabs, marks that are not seen.
fn padded(text: &str, chance: &mut Chance) -> String {
    match chance.below(12) {
        0 => format!(" {text}"),
        1 => format!("{text}\u{3000}"),
        2 => format!("\t{text}\t"),
        3 => format!("\u{FEFF}{text}"),
        4 => format!("{text}\u{200B}"),
        _ => text.to_owned(),
    }
}

/// A name, with blanks or another dot inside.
pub(super) fn spell_name(name: &str, chance: &mut Chance) -> String {
    let dot = chance.pick(&["·", "•", "‧", "・", "･", "."]);
    let name = name.replace('·', dot);
    let characters: Vec<String> = name.chars().map(String::from).collect();
    if characters.len() <= 3 && chance.often(20) { characters.join(" ") } else { name }
}

/// A date in one of the common forms.
pub(super) fn spell_date((year, month, day): (u64, u64, u64), chance: &mut Chance) -> String {
    match chance.below(5) {
        0 => format!("{year}/{month}/{day}"),
        1 => format!("{year}{month:02}{day:02}"),
        2 => format!("{year}年{month}月{day}日"),
        3 => format!("{year}-{month:02}-{day:02} 00:00:00"),
        _ => format!("{year}-{month:02}-{day:02}"),
    }
}
