//! Ours against what others keep. Where ours differs on purpose, a test says so by its name.

use lianfang_node::normalise::{Column, IssueCode};
use proptest::prelude::*;

use crate::{read, refused};

fn is_kept(column: Column, text: &str) -> bool {
    !read(column, text).is_empty()
}

proptest! {
    #[test]
    fn cn_id_agrees_with_idcard(region in 110_000_u32..660_000, year in 1900_u32..2026, month in 0_u32..14, day in 0_u32..33,
        sequence in 0_u32..1000, check in "[0-9X]")
    {
        let number = format!("{region:06}{year:04}{month:02}{day:02}{sequence:03}{check}");
        prop_assert_eq!(is_kept(Column::CnId, &number), idcard::validate(&number));
    }

    #[test]
    fn cn_id_upgrade_agrees_with_idcard(region in 110_000_u32..660_000, year in 0_u32..100, month in 1_u32..13, day in 1_u32..29,
        sequence in 0_u32..1000)
    {
        let old = format!("{region:06}{year:02}{month:02}{day:02}{sequence:03}");
        prop_assert_eq!(read(Column::CnId, &old), [format!("cn-id:{}", idcard::upgrade(&old).unwrap())]);
    }

    #[test]
    fn card_agrees_with_luhn(number in "[1-9][0-9]{11,18}") {
        let kind = if number.len() >= 13 && luhn::valid(&number) { "bank-card" } else { "account" };
        if number.bytes().any(|b| !number.starts_with(b as char)) {
            prop_assert_eq!(read(Column::Account, &number), [format!("{kind}:{number}")]);
        }
    }

    #[test]
    fn phones_that_phonenumber_knows_are_read_alike(number in prop_oneof![
        "1[3-9][0-9]{9}", "0(10|2[0-57-9])[2-8][0-9]{7}", "0[3-9][0-9]{2}[2-8][0-9]{6,7}", r"\+852[569][0-9]{7}", r"\+1[2-9][0-9]{9}",
    ]) {
        let Ok(other) = phonenumber::parse(Some(phonenumber::country::Id::CN), &number) else { return Ok(()) };
        // Also what the other calls shared-cost or toll-free is valid to it; those are on our stop list or no line at all.
        let sort = other.number_type(&phonenumber::metadata::DATABASE);
        if !phonenumber::is_valid(&other) || !matches!(sort, phonenumber::Type::Mobile | phonenumber::Type::FixedLine | phonenumber::Type::FixedLineOrMobile) {
            return Ok(());
        }
        // 8078 is to the other a line of no place; it is no area code.
        prop_assume!(!number.starts_with("08078"));
        let e164 = other.format().mode(phonenumber::Mode::E164).to_string();
        let ours = read(Column::Mobile, &number);
        if ours.is_empty() {
            prop_assert_eq!(refused(Column::Mobile, &number), IssueCode::StopList);
        } else {
            prop_assert!(ours[0].rsplit(':').next() == Some(e164.as_str()));
        }
    }
}

#[test]
fn every_area_code_of_phonenumber_is_known() {
    for area in 300..1000 {
        for line in ["6551234", "65551234"] {
            let number = format!("0{area}{line}");
            let Ok(other) = phonenumber::parse(Some(phonenumber::country::Id::CN), &number) else { continue };
            if other.number_type(&phonenumber::metadata::DATABASE) == phonenumber::Type::FixedLine {
                assert!(is_kept(Column::Landline, &number), "{number}");
            }
        }
    }
}

#[test]
fn differs_a_mobile_segment_that_phonenumber_does_not_know_is_no_error() {
    let number = "+86 154 1234 5678";
    let other = phonenumber::parse(None, number).unwrap();
    assert!(!phonenumber::is_valid(&other));
    assert_eq!(read(Column::Mobile, number), ["mobile:+8615412345678"]);
}

#[test]
fn differs_a_region_that_idcard_does_not_know_is_kept() {
    let old = "999999800101001";
    assert!(!idcard::validate(old));
    assert_eq!(read(Column::CnId, old), [format!("cn-id:{}", idcard::upgrade(old).unwrap())]);
}

#[test]
fn differs_idcard_takes_a_date_in_the_future() {
    let body = "11010520990101001";
    let number = (0..=9)
        .map(|d| format!("{body}{d}"))
        .chain([format!("{body}X")])
        .find(|n| idcard::validate(n))
        .unwrap();
    assert_eq!(refused(Column::CnId, &number), IssueCode::DateFuture);
}

#[test]
fn differs_luhn_of_one_repeated_digit_is_a_placeholder() {
    assert!(luhn::valid("0000000000000000"));
    assert_eq!(refused(Column::BankCard, "0000000000000000"), IssueCode::Placeholder);
}

#[test]
fn differs_phonenumber_drops_no_platform_relay() {
    let other = phonenumber::parse(Some(phonenumber::country::Id::CN), "17012345678 ext. 1234").unwrap();
    assert!(phonenumber::is_valid(&other));
    assert_eq!(refused(Column::Mobile, "17012345678 ext. 1234"), IssueCode::VirtualNumber);
}
