//! Properties over generated and arbitrary text.

use lianfang_node::normalise::{Canonical, Column, Findings};
use lianfang_proto::catalogue::Kind;
use proptest::prelude::*;

use crate::{on_test_day, read, values};

/// Text that has a fair chance of being a value of the column.
fn likely(column: Column) -> BoxedStrategy<String> {
    let pattern = match column {
        Column::CnId => "[1-6][0-9]{5}[5-9][0-9](0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}",
        Column::Mobile => r"(\+86|0086|86|0|17951)?1[3-9][0-9]{9}|\+852[569][0-9]{7}",
        Column::Landline => "0(10|21|591)[2-8][0-9]{7}(转[0-9]{3})?",
        Column::BankCard => "62[0-9]{14,17}",
        Column::Account => "[0-9]{6,25}",
        Column::Uscc => "91[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}",
        Column::OrgCode => "[0-9A-Z]{8}[0-9X]",
        Column::Email => "[a-z0-9]{1,9}(\\.[a-z]{1,4})?(\\+[a-z]{1,3})?@(qq|gmail|Example)\\.com",
        Column::Wechat => "(微信:|vx )?[a-zA-Z0-9_-]{4,21}",
        Column::Qq => "[1-9][0-9]{4,10}",
        Column::Alipay => "2088[0-9]{12}|1[3-9][0-9]{9}|[a-z]{3,5}@a\\.cn",
        Column::HkMoPermit => "[HM][0-9]{8}([0-9]{2})?",
        Column::Passport => "(CN:|us:)?[A-Z][0-9]{7,8}",
        Column::Plate => "[闽粤京][A-HJ-NP-Z][0-9A-HJ-NP-Z]{4}([0-9]|[0-9][0-9]|学|挂)",
        Column::Address => {
            "(福建省)?福州市?(鼓楼区|闽侯县|晋安区)?(五四路|三号路|侯官村)([0-9]{1,3}|八十九|一百零二)?(号|弄|-1号)?\
            ((A|3|三|第二)(栋|幢|座|号楼|#))?(2单元)?(0?[1-9]0[1-9](室|房)?)?(收)?"
        }
        Column::Waybill => "[a-zA-Z]{2}[0-9]{8,13}",
        Column::Device => "[0-9a-fA-F]{4,9}(-[0-9a-f]{4,8}){0,3}",
        Column::Url => {
            "(HTTPS?|http)://[a-zA-Z]{1,8}\\.(cn|COM)(:80|:443|:8080)?(/[a-zA-Z0-9]{0,5}){0,2}(\\?(utm_a=1|share=2|b=3|B=4)(&c=5)?)?(#x)?"
        }
        Column::App => "[a-z]{1,5}(\\.[a-zA-Z][a-z0-9_]{0,5}){1,3}",
    };
    proptest::string::string_regex(pattern).expect("a pattern of this file").boxed()
}

fn any_column() -> impl Strategy<Value = Column> {
    proptest::sample::select(Column::ALL)
}

/// The column in which a value of this kind would be written.
fn home(kind: Kind) -> Column {
    match kind {
        Kind::AddressBuilding | Kind::AddressUnit => Column::Address,
        other => Column::from_code(other.code()).expect("a kind with a column"),
    }
}

/// Canonical text must be found again in its own column.
fn check_stable(findings: &Findings) -> Result<(), TestCaseError> {
    for value in &findings.values {
        let again = on_test_day().cell(home(value.kind()), value.value());
        prop_assert!(
            again.values.contains(value),
            "{} {} gave {:?}",
            value.kind(),
            value.value(),
            values(&again)
        );
    }
    Ok(())
}

/// What a mask must never be.
fn check_mask(value: &Canonical) -> Result<(), TestCaseError> {
    let mask = value.masked();
    prop_assert_ne!(mask.as_str(), value.value());
    prop_assert!(!mask.starts_with(['=', '+', '-', '@']));
    prop_assert!(mask.contains('*'));
    Ok(())
}

/// Full width for ASCII where it exists.
fn full_width(text: &str) -> String {
    text.chars()
        .map(|c| {
            if ('!'..='~').contains(&c) { char::from_u32(c as u32 + 0xfee0).expect("full width") } else { c }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn arbitrary_text_never_panics(column in any_column(), text in any::<String>()) {
        let findings = on_test_day().cell(column, &text);
        check_stable(&findings)?;
        for value in &findings.values {
            check_mask(value)?;
        }
        let _ = on_test_day().name_birth(&text, &text);
    }

    #[test]
    fn nearly_right_text_never_panics(column in any_column(), text in "[0-9０-９A-Za-z福建省福州市路号栋室+:/@.;()（） ①XХ*#转-]{0,40}") {
        let findings = on_test_day().cell(column, &text);
        check_stable(&findings)?;
        for value in &findings.values {
            check_mask(value)?;
        }
    }

    #[test]
    fn canonical_text_is_its_own_canonical_text((column, text) in any_column().prop_flat_map(|c| (Just(c), likely(c)))) {
        let findings = on_test_day().cell(column, &text);
        check_stable(&findings)?;
        for value in &findings.values {
            check_mask(value)?;
        }
        // No repetition, and the order of the report.
        prop_assert!(findings.values.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn width_changes_nothing((column, text) in any_column().prop_flat_map(|c| (Just(c), likely(c)))) {
        let plain = on_test_day().cell(column, &text);
        let wide = on_test_day().cell(column, &full_width(&text));
        prop_assert_eq!(values(&plain), values(&wide), "{}", text);
        prop_assert_eq!(plain.issues, wide.issues);
    }

    #[test]
    fn the_invisible_changes_nothing((column, text) in any_column().prop_flat_map(|c| (Just(c), likely(c))), at in 0_usize..40,
        noise in proptest::sample::select(vec!["\u{200b}", "\u{feff}", "\u{ad}", "\u{202a}", "\u{fe0f}", "\u{0}"]))
    {
        let noisy: String = text.chars().enumerate()
            .flat_map(|(i, c)| if i == at { format!("{noise}{c}") } else { c.to_string() }.chars().collect::<Vec<_>>())
            .collect();
        prop_assert_eq!(read(column, &text), read(column, &format!(" {noisy}\u{3000}")));
    }

    #[test]
    fn separators_change_nothing_in_kinds_of_digits(
        (column, text) in proptest::sample::select(vec![Column::CnId, Column::BankCard, Column::Account, Column::Uscc, Column::OrgCode,
            Column::Qq, Column::HkMoPermit, Column::Plate]).prop_flat_map(|c| (Just(c), likely(c))),
        step in 2_usize..6, separator in proptest::sample::select(vec![" ", "-", "\u{3000}", "—", "·", "\u{a0}", "–"]))
    {
        let noisy: String = text.chars().enumerate()
            .flat_map(|(i, c)| if i > 0 && i % step == 0 { format!("{separator}{c}") } else { c.to_string() }.chars().collect::<Vec<_>>())
            .collect();
        prop_assert_eq!(read(column, &text), read(column, &noisy));
    }

    #[test]
    fn addresses_are_their_own_canonical_text(head in "(福建省?|中国)?(福州市?|上海市){1,3}(市辖区)?(鼓楼区|浦东新区)?",
        detail in "([一二三十百〇0-9A第号弄栋幢座单元室房层楼#路街()收-]|单元|号楼){1,12}")
    {
        check_stable(&on_test_day().cell(Column::Address, &format!("{head}{detail}")))?;
    }

    #[test]
    fn names_are_their_own_canonical_text(name in "[王欧阳芳A-Za-z·.・ é]{1,12}") {
        let findings = on_test_day().name_birth(&name, "1980-01-31");
        for value in &findings.values {
            let (name, date) = value.value().rsplit_once('/').unwrap();
            prop_assert_eq!(&on_test_day().name_birth(name, date).values, &findings.values);
            check_mask(value)?;
        }
    }
}
