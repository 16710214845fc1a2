//! The administrative chain at the head of an address, completed where it is certain.
//!
//! Comes in: a cleaned address. Goes out: province, city and district in full, and what follows them. Certain is what the
//! table of divisions allows only one reading of: a city written in full has one province, a county whose name exists
//! once has one city. A short name before a road word is part of a road (`福州路`, `北京东路`), never a city.

use zeroize::Zeroizing;

use super::regions::{Seat, regions};

/// The head of an address.
pub(super) struct Chain<'t> {
    province: usize,
    city: Option<Seat>,
    county: &'t str,
    /// What follows the chain.
    pub(super) rest: &'t str,
    /// Province and city do not belong together.
    pub(super) contradicts: bool,
}

impl Chain<'_> {
    /// The chain in full.
    pub(super) fn head(&self) -> Zeroizing<String> {
        let mut head = Zeroizing::new(String::with_capacity(64));
        head.push_str(regions().provinces[self.province].name);
        if let Some(city) = self.city {
            head.push_str(regions().prefecture(city).name);
        }
        head.push_str(self.county);
        head
    }
}

/// Reads the chain; `None` where the province cannot be told.
pub(super) fn parse(text: &str) -> Option<Chain<'_>> {
    let text = text.strip_prefix("中华人民共和国").or_else(|| text.strip_prefix("中国")).unwrap_or(text);
    let (province, city, rest) = province(text)?;
    let rest = skip_repetition(province, rest);
    let (city, rest) = match city {
        Some(city) => (Some(city), rest),
        None => city_within(province, rest),
    };
    let rest = city.map_or(rest, |seat| {
        let name = regions().prefecture(seat).name;
        if name.is_empty() { rest } else { skip_filler(rest.trim_start_matches(name)) }
    });
    let length = city.and_then(|seat| regions().county_of(seat, rest)).unwrap_or(0);
    let contradicts =
        city.is_none() && regions().prefecture_at(rest).is_some_and(|(seat, _)| seat.province != province);
    let (county, rest) = rest.split_at(length);
    Some(Chain { province, city, county, rest, contradicts })
}

/// The province at the head of the text, with the city if that is what told it.
fn province(text: &str) -> Option<(usize, Option<Seat>, &str)> {
    let table = regions();
    let full = table.provinces.iter().position(|p| text.starts_with(p.name));
    if let Some(province) = full {
        return Some((province, None, &text[table.provinces[province].name.len()..]));
    }
    if let Some((seat, length)) = table.prefecture_at(text) {
        return Some((seat.province, Some(seat), &text[length..]));
    }
    // 香港 and 海南 before anything but a road; 新疆自治区 is what people write for the long name.
    let short = table.provinces.iter().enumerate().find_map(|(i, p)| Some((i, text.strip_prefix(p.short)?)));
    if let Some((province, rest)) = short.filter(|(_, rest)| !begins_as_road(rest)) {
        let rest =
            ["自治区", "省", "特区"].into_iter().find_map(|end| rest.strip_prefix(end)).unwrap_or(rest);
        return Some((province, None, rest));
    }
    short_city_with_county(text).or_else(|| {
        let (seats, length) = table.counties_at(text)?;
        // The county stays in the text: it is read again under its city.
        (seats.len() == 1 && length > "县".len() * 2).then(|| (seats[0].province, Some(seats[0]), text))
    })
}

/// 福州鼓楼区: a short name is certain if a county of that very city follows.
fn short_city_with_county(text: &str) -> Option<(usize, Option<Seat>, &str)> {
    regions().provinces.iter().enumerate().find_map(|(province, entry)| {
        entry.prefectures.iter().enumerate().find_map(|(prefecture, city)| {
            let rest = text.strip_prefix(city.short).filter(|_| !city.short.is_empty())?;
            let rest = rest.strip_prefix('州').unwrap_or(rest);
            let seat = Seat { province, prefecture };
            regions().county_of(seat, rest).map(|_| (province, Some(seat), rest))
        })
    })
}

/// The city, once the province is known: its full name, a county of the province that exists there once, its short name.
fn city_within(province: usize, text: &str) -> (Option<Seat>, &str) {
    let table = regions();
    if let Some((seat, length)) = table.prefecture_at(text) {
        return if seat.province == province { (Some(seat), &text[length..]) } else { (None, text) };
    }
    if let Some((seats, _)) = table.counties_at(text) {
        let mut here = seats.iter().filter(|seat| seat.province == province);
        if let (Some(seat), None) = (here.next(), here.next()) {
            return (Some(*seat), text);
        }
    }
    let cities = table.provinces[province].prefectures.iter().enumerate();
    cities
        .filter(|(_, city)| !city.short.is_empty())
        .find_map(|(prefecture, city)| {
            let rest = text.strip_prefix(city.short).filter(|rest| !begins_as_road(rest))?;
            let rest = rest.strip_prefix('州').unwrap_or(rest);
            Some((Some(Seat { province, prefecture }), rest))
        })
        .unwrap_or((None, text))
}

/// 上海市上海市, 北京北京市, 北京市市辖区: the name of a province again, or a filler, before its city or district.
fn skip_repetition(province: usize, mut text: &str) -> &str {
    let entry = &regions().provinces[province];
    loop {
        let before = text.len();
        text = skip_filler(text.trim_start_matches(entry.name));
        if let Some(rest) = text.strip_prefix(entry.short)
            && entry.name.ends_with('市')
            && regions().counties_at(rest).is_some()
        {
            text = rest;
        }
        if text.len() == before {
            return text;
        }
    }
}

/// 市辖区 is what a list of codes calls all districts of a city together.
fn skip_filler(text: &str) -> &str {
    text.trim_start_matches("市辖区")
}

/// Whether a name before this text is part of a road's: 路, 东路, 五路, 南大街, 西二环.
fn begins_as_road(text: &str) -> bool {
    let side =
        |text: &'_ str| text.strip_prefix(['东', '西', '南', '北', '中']).map_or(0, |_| '东'.len_utf8());
    let named = &text[side(text)..];
    let rest = named.strip_prefix('十').unwrap_or(named);
    let rest = rest.strip_prefix(['一', '二', '三', '四', '五', '六', '七', '八', '九']).unwrap_or(rest);
    if rest.len() < named.len() && rest.starts_with('弄') {
        return false; // a lane's number, which is written in digits too
    }
    let rest = &rest[side(rest)..];
    let rest = rest.strip_prefix(['大', '马', '横', '支', '环']).unwrap_or(rest);
    rest.starts_with(['路', '街', '巷', '弄', '道', '桥', '胡'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        parse(text).map(|chain| format!("{}|{}", *chain.head(), chain.rest))
    }

    #[test]
    fn completes_where_it_is_certain() {
        for (written, full) in [
            ("福建省福州市鼓楼区五四路", "福建省福州市鼓楼区|五四路"),
            ("福州市鼓楼区五四路", "福建省福州市鼓楼区|五四路"),
            ("福州鼓楼区五四路", "福建省福州市鼓楼区|五四路"),
            ("福建福州鼓楼区五四路", "福建省福州市鼓楼区|五四路"),
            ("福建省鼓楼区五四路", "福建省福州市鼓楼区|五四路"),
            ("福建福州五四路", "福建省福州市|五四路"),
            ("福建福州一弄", "福建省福州市|一弄"),
            ("福建福州东十一弄", "福建省福州市|东十一弄"),
            ("福建福州1弄", "福建省福州市|1弄"),
            ("中国福建省福州市五四路", "福建省福州市|五四路"),
            ("晋江市梅岭", "福建省泉州市晋江市|梅岭"),
            ("福建省晋江市梅岭", "福建省泉州市晋江市|梅岭"),
            ("上海浦东新区世纪大道", "上海市浦东新区|世纪大道"),
            ("上海市上海市浦东新区世纪大道", "上海市浦东新区|世纪大道"),
            ("北京市市辖区朝阳区建国路", "北京市朝阳区|建国路"),
            ("吉林市昌邑区解放路", "吉林省吉林市昌邑区|解放路"),
            ("吉林吉林市昌邑区", "吉林省吉林市昌邑区|"),
            ("海南藏族自治州共和县", "青海省海南藏族自治州共和县|"),
            ("海南海口市龙华区", "海南省海口市龙华区|"),
            ("湖北省仙桃市沔阳大道", "湖北省仙桃市|沔阳大道"),
            ("湖北恩施市航空路", "湖北省恩施土家族苗族自治州恩施市|航空路"),
            ("广西自治区南宁市青秀区", "广西壮族自治区南宁市青秀区|"),
            ("内蒙古呼和浩特市新城区", "内蒙古自治区呼和浩特市新城区|"),
        ] {
            assert_eq!(read(written).as_deref(), Some(full), "{written}");
        }
    }

    #[test]
    fn does_not_guess() {
        for unknown in [
            "福州路100号",
            "北京东路5号",
            "中山五路3号",
            "鼓楼区五四路89号",
            "朝阳区建国路",
            "五四路89号",
            "",
        ] {
            assert_eq!(read(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn notices_a_contradiction() {
        assert!(parse("广东省福州市鼓楼区五四路89号").is_some_and(|chain| chain.contradicts));
    }
}
