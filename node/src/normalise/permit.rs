//! Papers and plates: 港澳居民来往内地通行证, passports, 车牌.
//!
//! Comes in: a prepared text. Goes out: `hk-mo-permit`, `passport`, `plate`. Sources: the permit's number is H or M with
//! eight digits, followed in the old long form by two that count reissues (Exit and Entry Administration, notice of
//! 2012 on the card form); passports: ICAO Doc 9303-3, clause 4.1 (document number) with countries of ISO 3166-1;
//! plates: GA 36-2018, clause 5 (numbering; no I and no O; new-energy plates have one character more).

use lianfang_proto::catalogue::Kind;
use zeroize::Zeroizing;

use super::text::{Prepared, is_digits, is_one_character};
use super::{IssueCode, gathering::Gathering};

/// ISO 3166-1 alpha-2, all officially assigned codes, in order.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ \
    FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT \
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP \
    MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE \
    RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV \
    TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
/// What the last character of a plate may be besides a letter or a digit.
const PLATE_ENDINGS: &str = "学警挂港澳领使试超临";

/// H or M and eight digits; the two of the long form that count reissues are cut.
pub(super) fn hk_mo(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    let number = value.compact()?;
    if !number.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(IssueCode::Character);
    }
    if !matches!(number.len(), 9 | 11) {
        return Err(IssueCode::Length);
    }
    if !number.starts_with(['H', 'M']) || !is_digits(&number[1..]) {
        return Err(IssueCode::Form);
    }
    if is_one_character(&number[1..9]) {
        return Err(IssueCode::Placeholder);
    }
    out.keep(Kind::HkMoPermit, &number[..9]);
    Ok(())
}

/// Country and number; CN if no country is written.
pub(super) fn passport(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    let written = value.split_once(':').map_or(&**value, |(_, number)| number);
    value.part(written.trim()).compact_whole()?;
    let text = value.compact()?;
    let (country, number) = text.split_once(':').unwrap_or(("CN", &text));
    if !number.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(IssueCode::Character);
    }
    if country.len() != 2 || !COUNTRIES.split_ascii_whitespace().any(|known| known == country) {
        return Err(IssueCode::Country);
    }
    if !(5..=12).contains(&number.len()) {
        return Err(IssueCode::Length);
    }
    if !number.bytes().any(|b| b.is_ascii_digit()) {
        return Err(IssueCode::Form);
    }
    let mut full = Zeroizing::new(String::with_capacity(3 + number.len()));
    full.push_str(country);
    full.push(':');
    full.push_str(number);
    out.keep(Kind::Passport, &full);
    Ok(())
}

/// A province, a letter, and 5 or 6 more.
pub(super) fn plate(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    let plate = value.compact()?;
    // An emergency vehicle's ending has two characters.
    let (body, endings) = match plate.strip_suffix("应急") {
        Some(body) => (body, 2),
        None => match plate.chars().next_back() {
            Some(last) if PLATE_ENDINGS.contains(last) => (&plate[..plate.len() - last.len_utf8()], 1),
            _ => (&plate[..], 0),
        },
    };
    let mut characters = body.chars();
    let province = characters.next().ok_or(IssueCode::Form)?;
    if !PROVINCES.contains(province) {
        return Err(IssueCode::Form);
    }
    let rest = characters.as_str();
    if !rest.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(IssueCode::Character);
    }
    if !matches!(rest.len() + endings, 6 | 7) {
        return Err(IssueCode::Length);
    }
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) || rest.contains(['I', 'O']) {
        return Err(IssueCode::Form);
    }
    out.keep(Kind::Plate, &plate);
    Ok(())
}
