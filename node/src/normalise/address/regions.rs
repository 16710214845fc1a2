//! The administrative divisions: provinces, prefectures, counties.
//!
//! Comes in: `regions.txt`, compiled in. Goes out: look-ups by the beginning of a text. Source: the codes of GB/T 2260
//! as the Ministry of Civil Affairs publishes them. A division that is not in the table is no error: names come and go,
//! and an address is only completed where the table makes it certain.

use std::collections::HashMap;
use std::sync::LazyLock;

/// One province.
pub(super) struct Province {
    pub(super) name: &'static str,
    pub(super) short: &'static str,
    pub(super) prefectures: Vec<Prefecture>,
}

/// One prefecture, or under an empty name the counties that stand directly under their province.
pub(super) struct Prefecture {
    pub(super) name: &'static str,
    pub(super) short: &'static str,
    pub(super) counties: Vec<&'static str>,
}

/// Where a name stands in the table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) province: usize,
    pub(super) prefecture: usize,
}

/// The table and its index.
pub(super) struct Regions {
    pub(super) provinces: Vec<Province>,
    prefectures: HashMap<&'static str, Seat>,
    counties: HashMap<&'static str, Vec<Seat>>,
    longest: usize,
}

/// What follows the name of an ethnic group ends the everyday name of an autonomous prefecture.
const GROUPS: [&str; 20] = [
    "朝鲜族",
    "土家族",
    "苗族",
    "藏族",
    "羌族",
    "彝族",
    "布依族",
    "侗族",
    "哈尼族",
    "壮族",
    "傣族",
    "白族",
    "景颇族",
    "傈僳族",
    "回族",
    "蒙古族",
    "蒙古",
    "哈萨克",
    "柯尔克孜",
    "自治州",
];

static REGIONS: LazyLock<Regions> = LazyLock::new(|| Regions::parse(include_str!("regions.txt")));

/// The table.
pub(super) fn regions() -> &'static Regions {
    &REGIONS
}

impl Regions {
    fn parse(text: &'static str) -> Self {
        let mut provinces: Vec<Province> = Vec::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("# ") {
                provinces.push(Province { name, short: short_province(name), prefectures: Vec::new() });
            } else if let (Some((name, counties)), Some(province)) =
                (line.split_once(':'), provinces.last_mut())
            {
                let name = if name == "-" { "" } else { name };
                let counties = counties.split_ascii_whitespace().collect();
                province.prefectures.push(Prefecture { name, short: short_prefecture(name), counties });
            }
        }
        let (mut prefectures, mut counties) = (HashMap::new(), HashMap::<_, Vec<_>>::new());
        for (province, entry) in provinces.iter().enumerate() {
            for (prefecture, entry) in entry.prefectures.iter().enumerate() {
                let seat = Seat { province, prefecture };
                if !entry.name.is_empty() {
                    prefectures.insert(entry.name, seat);
                }
                for county in &entry.counties {
                    counties.entry(*county).or_default().push(seat);
                }
            }
        }
        let names = prefectures.keys().chain(counties.keys());
        let longest = names.map(|name| name.chars().count()).max().unwrap_or(0);
        Self { provinces, prefectures, counties, longest }
    }

    pub(super) fn prefecture(&self, seat: Seat) -> &Prefecture {
        &self.provinces[seat.province].prefectures[seat.prefecture]
    }

    /// The prefecture whose full name begins the text. No two have one name.
    pub(super) fn prefecture_at(&self, text: &str) -> Option<(Seat, usize)> {
        self.beginnings(text).find_map(|name| Some((*self.prefectures.get(name)?, name.len())))
    }

    /// The longest county name that begins the text, with all its seats.
    pub(super) fn counties_at(&self, text: &str) -> Option<(&[Seat], usize)> {
        self.beginnings(text).find_map(|name| Some((self.counties.get(name)?.as_slice(), name.len())))
    }

    /// The longest county name of one prefecture that begins the text, in bytes.
    pub(super) fn county_of(&self, seat: Seat, text: &str) -> Option<usize> {
        let counties = &self.prefecture(seat).counties;
        counties.iter().filter(|county| text.starts_with(**county)).map(|county| county.len()).max()
    }

    /// The beginnings of the text that could be a name, the longest first.
    fn beginnings<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let mut ends = [0_usize; 24];
        let mut count = 0;
        for (at, c) in text.char_indices().take(self.longest.min(ends.len())) {
            ends[count] = at + c.len_utf8();
            count += 1;
        }
        (1..count).rev().map(move |i| &text[..ends[i]])
    }
}

/// 内蒙古自治区 is 内蒙古, 广西壮族自治区 is 广西, 福建省 is 福建.
fn short_province(name: &'static str) -> &'static str {
    const WHOLE: [&str; 5] = ["内蒙古", "广西", "西藏", "宁夏", "新疆"];
    WHOLE.into_iter().find(|short| name.starts_with(short)).unwrap_or_else(|| {
        ["特别行政区", "省", "市"].into_iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
    })
}

/// 延边朝鲜族自治州 is 延边, 阿里地区 is 阿里, 福州市 is 福州.
fn short_prefecture(name: &'static str) -> &'static str {
    if name.ends_with("自治州") {
        let end = GROUPS.iter().filter_map(|group| name.find(group)).filter(|&at| at > 0).min();
        return &name[..end.unwrap_or(name.len())];
    }
    ["地区", "盟", "市"].into_iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let regions = regions();
        assert_eq!(regions.provinces.len(), 34);
        assert_eq!(regions.prefectures.len(), 333);
        let counties: usize = regions
            .provinces
            .iter()
            .flat_map(|p| &p.prefectures)
            .map(|prefecture| prefecture.counties.len())
            .sum();
        assert!((2800..2900).contains(&counties));
    }

    #[test]
    fn everyday_names() {
        for (name, short) in [
            ("延边朝鲜族自治州", "延边"),
            ("海西蒙古族藏族自治州", "海西"),
            ("克孜勒苏柯尔克孜自治州", "克孜勒苏"),
            ("巴音郭楞蒙古自治州", "巴音郭楞"),
            ("阿里地区", "阿里"),
            ("兴安盟", "兴安"),
            ("福州市", "福州"),
        ] {
            assert_eq!(short_prefecture(name), short);
        }
        assert_eq!(short_province("香港特别行政区"), "香港");
        assert_eq!(short_province("广西壮族自治区"), "广西");
        assert_eq!(short_province("黑龙江省"), "黑龙江");
    }
}
