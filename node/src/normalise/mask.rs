//! What may be shown of an identifier: enough for its own bank to find it again, not enough to read it.
//!
//! Comes in: kind and canonical value. Goes out: a mask of as many characters. Never: the whole value, or a text that
//! begins with `=`, `+`, `-` or `@`, which a spreadsheet would run as a formula.

use lianfang_proto::catalogue::Kind;

use super::address;

/// Surnames of two characters; a name of only two characters is read as one and one.
const COMPOUND_SURNAMES: &str = "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 \
    太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 \
    夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 公户 公玉 公仪 梁丘 公仲 公上 公门 公山 公坚 左丘 公伯 西门 公祖 第五 公乘 \
    贯丘 公皙 南荣 东里 东宫 仲长 子书 子桑 即墨 达奚 褚师 纳兰 完颜 富察";

pub(super) fn of(kind: Kind, value: &str) -> String {
    let mask = match kind {
        Kind::BankCard => ends(value, 6, 4),
        // All of the mainland begin with +86, which says nothing; and a plus would make a formula of the cell.
        Kind::Mobile | Kind::Landline => general(value.strip_prefix("+86").unwrap_or(value)),
        Kind::Email => email(value),
        Kind::AddressBuilding | Kind::AddressUnit | Kind::Address => {
            start(value, address::district_length(value))
        }
        Kind::NameBirth => start(value, surname_length(value)),
        _ => general(value),
    };
    match mask.strip_prefix(['=', '+', '-', '@']) {
        Some(rest) => format!("*{rest}"),
        None => mask,
    }
}

/// The last four characters, and the first three from fourteen up; of four or fewer none.
fn general(value: &str) -> String {
    match value.chars().count() {
        0..=4 => ends(value, 0, 0),
        5..=13 => ends(value, 0, 4),
        _ => ends(value, 3, 4),
    }
}

/// The first and the last few characters.
fn ends(value: &str, first: usize, last: usize) -> String {
    let count = value.chars().count();
    let (first, last) = if first + last < count { (first, last) } else { (0, 0) };
    value.chars().enumerate().map(|(i, c)| if i < first || i >= count - last { c } else { '*' }).collect()
}

/// The first `length` bytes, the rest blanked out; nothing of it if that would be all.
fn start(value: &str, length: usize) -> String {
    let shown = if length < value.len() { length } else { 0 };
    value.char_indices().map(|(at, c)| if at < shown { c } else { '*' }).collect()
}

/// The first character and the domain; of a local part of one character nothing.
fn email(value: &str) -> String {
    match value.split_once('@') {
        Some((local, domain)) => {
            let shown = usize::from(local.chars().nth(1).is_some());
            format!("{}@{domain}", ends(local, shown, 0))
        }
        None => general(value),
    }
}

/// Bytes of the surname. Of a transcribed or Latin name, whose surname nobody can tell, the first character.
fn surname_length(value: &str) -> usize {
    let name = value.rsplit_once('/').map_or(value, |(name, _)| name);
    let first = name.chars().next().map_or(0, char::len_utf8);
    let two = name.char_indices().nth(2).map(|(at, _)| at);
    match two {
        Some(two) if COMPOUND_SURNAMES.split_ascii_whitespace().any(|surname| surname == &name[..two]) => two,
        _ => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interface_examples() {
        assert_eq!(of(Kind::CnId, "11010519491231002X"), "110***********002X");
        assert_eq!(of(Kind::Mobile, "+8613912345678"), "*******5678");
        assert_eq!(of(Kind::OrgCode, "M000100Y4"), "*****00Y4");
    }

    #[test]
    fn each_kind_by_its_rule() {
        for (kind, value, mask) in [
            (Kind::BankCard, "6222020000000000000", "622202*********0000"),
            (Kind::Account, "12345", "*2345"),
            (Kind::Uscc, "91350100M000100Y43", "913***********0Y43"),
            (Kind::Landline, "+861065551234", "******1234"),
            (Kind::Email, "wang.fang@example.cn", "w********@example.cn"),
            (Kind::Email, "a@b.cn", "*@b.cn"),
            (Kind::Address, "福建省福州市鼓楼区五四路89号", "福建省福州市鼓楼区******"),
            (Kind::NameBirth, "欧阳修/1980-01-31", "欧阳************"),
            (Kind::NameBirth, "欧阳/1980-01-31", "欧************"),
            (Kind::NameBirth, "王芳/1980-01-31", "王************"),
            (Kind::NameBirth, "阿依古丽·买买提/1980-01-31", "阿******************"),
            (Kind::Plate, "闽A12345", "***2345"),
        ] {
            assert_eq!(of(kind, value), mask);
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(of(Kind::Mobile, "+85291234567"), "********4567");
        assert_eq!(of(Kind::Mobile, "+49151123456789"), "*49********6789");
        assert_eq!(of(Kind::Email, "=cmd@example.cn"), "****@example.cn");
        assert_eq!(of(Kind::Wechat, "-abcdefghijklmn"), "*ab********klmn");
    }

    #[test]
    fn short_values_are_never_shown_whole() {
        for kind in [Kind::Qq, Kind::BankCard, Kind::Address, Kind::NameBirth, Kind::Email, Kind::Device] {
            for value in ["", "1", "1234"] {
                assert!(of(kind, value).chars().all(|c| c == '*') || of(kind, value) != value);
            }
        }
    }
}
