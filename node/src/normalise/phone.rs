//! Telephones: mobiles and fixed lines, one family in which the form decides and not the column.
//!
//! Comes in: a prepared text from either column. Goes out: `mobile` or `landline`, both as `+` and digits. Sources:
//! mainland mobiles and area codes: the numbering plan 电信网编号计划 (YD/T, Ministry of Industry and Information
//! Technology); foreign numbers: ITU-T E.164, clause 6 (at most 15 digits). Prefixes are cut one after the other, and
//! only while more than 11 digits remain and what is left can still be a mobile: `17951 678795` is a number, not a
//! prefix before one.

use lianfang_proto::catalogue::Kind;
use zeroize::Zeroizing;

use super::text::{Prepared, compact, is_dash, is_digits, is_one_character};
use super::{Column, IssueCode, gathering::Gathering};

/// Prefixes that a dialler puts before a mobile: country, trunk, and those of cheap long-distance services.
const PREFIXES: [&str; 6] = ["0086", "86", "0", "17951", "12593", "12520"];

/// Words behind which an extension stands.
const EXTENSION_WORDS: [&str; 8] = ["分机号", "分机", "转接", "转", "轉", "EXT", "X", "#"];

/// Three-digit area codes of the mainland, without the 0.
const AREAS: &str = "310 311 312 313 314 315 316 317 318 319 335 349 350 351 352 353 354 355 356 357 358 359 370 371 372 \
    373 374 375 376 377 378 379 391 392 393 394 395 396 398 410 411 412 413 414 415 416 417 418 419 421 427 429 431 432 \
    433 434 435 436 437 438 439 451 452 453 454 455 456 457 458 459 464 467 468 469 470 471 472 473 474 475 476 477 478 \
    479 482 483 510 511 512 513 514 515 516 517 518 519 523 527 530 531 532 533 534 535 536 537 538 539 543 546 550 551 \
    552 553 554 555 556 557 558 559 561 562 563 564 566 570 571 572 573 574 575 576 577 578 579 580 591 592 593 594 595 \
    596 597 598 599 631 632 633 634 635 660 662 663 668 691 692 701 710 711 712 713 714 715 716 717 718 719 722 724 728 \
    730 731 734 735 736 737 738 739 743 744 745 746 750 751 752 753 754 755 756 757 758 759 760 762 763 766 768 769 770 \
    771 772 773 774 775 776 777 778 779 790 791 792 793 794 795 796 797 798 799 812 813 816 817 818 825 826 827 830 831 \
    832 833 834 835 836 837 838 839 851 852 853 854 855 856 857 858 859 870 871 872 873 874 875 876 877 878 879 883 886 \
    887 888 891 892 893 894 895 896 897 898 901 902 903 906 908 909 911 912 913 914 915 916 917 919 930 931 932 933 934 \
    935 936 937 938 939 941 943 951 952 953 954 955 970 971 972 973 974 975 976 977 978 979 990 991 992 993 994 995 996 \
    997 998 999";

/// A telephone in canonical form.
enum Number {
    Mobile(Zeroizing<String>),
    Landline(Zeroizing<String>),
    /// A fixed line whose area code had lost its 0.
    ZerolessLandline(Zeroizing<String>),
}

impl Number {
    /// Behind a country code the area code stands without its 0, and nothing is missing.
    fn with_country(self) -> Self {
        match self {
            Self::ZerolessLandline(number) => Self::Landline(number),
            other => other,
        }
    }
}

pub(super) fn read(value: &Prepared, column: Column, out: &mut Gathering) -> Result<(), IssueCode> {
    value.refuse_traps()?;
    let zeroless = column == Column::Landline;
    let number = match cut_extension(value) {
        Some(main) => without_extension(main, zeroless)?,
        None => match classify(&compact(value), zeroless) {
            Ok(number) => number,
            // 010-65551234-801: the whole is no number, all but the last group is one.
            Err(code) => match cut_last_group(value) {
                Some(main) => without_extension(main, zeroless).map_err(|inner| match inner {
                    IssueCode::VirtualNumber => inner,
                    _ => code,
                })?,
                None => return Err(code),
            },
        },
    };
    match number {
        Number::Mobile(number) => out.keep(Kind::Mobile, &number),
        Number::Landline(number) => out.keep(Kind::Landline, &number),
        Number::ZerolessLandline(number) => {
            out.keep(Kind::Landline, &number);
            out.warn(IssueCode::AreaZero);
        }
    }
    Ok(())
}

/// Whether a value of another column, such as a wechat id, is a mobile. `None` if it has not the form of one.
pub(super) fn as_mobile(value: &Prepared) -> Option<Result<Zeroizing<String>, IssueCode>> {
    let number = compact(value);
    if !is_digits(number.strip_prefix('+').unwrap_or(&number)) {
        return None;
    }
    match classify(&number, false) {
        Ok(Number::Mobile(_)) if value.has_odd_digits() => Some(Err(IssueCode::DigitForm)),
        Ok(Number::Mobile(mobile)) => Some(Ok(mobile)),
        Err(IssueCode::StopList) if number.len() >= 11 => Some(Err(IssueCode::StopList)),
        _ => None,
    }
}

/// What stands before an extension that a word announces.
fn cut_extension(text: &str) -> Option<&str> {
    let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - head.len();
    if !(1..=6).contains(&digits) {
        return None;
    }
    let head = head.trim_end_matches([' ', '.', ':']);
    let main = EXTENSION_WORDS.iter().find_map(|word| {
        let start = head.len().checked_sub(word.len())?;
        head.get(start..).filter(|end| end.eq_ignore_ascii_case(word)).and(head.get(..start))
    })?;
    Some(main.trim_end_matches(|c: char| matches!(c, ' ' | ',' | '(' | '转') || is_dash(c)))
}

/// What stands before a last group of up to five digits behind a dash.
fn cut_last_group(text: &str) -> Option<&str> {
    let (main, group) = text.rsplit_once(is_dash)?;
    (group.len() <= 5 && is_digits(group)).then_some(main)
}

/// A number that has an extension is a fixed line, or a platform's relay that many people share.
fn without_extension(main: &str, zeroless: bool) -> Result<Number, IssueCode> {
    match classify(&compact(main), zeroless)? {
        Number::Mobile(_) => Err(IssueCode::VirtualNumber),
        landline => Ok(landline),
    }
}

fn classify(number: &str, zeroless: bool) -> Result<Number, IssueCode> {
    let plus = number.strip_prefix('+');
    if !is_digits(plus.unwrap_or(number)) {
        return Err(IssueCode::Character);
    }
    match plus.or_else(|| number.strip_prefix("00")) {
        Some(abroad) => match abroad.strip_prefix("86") {
            Some(national) => mainland(national, true).map(Number::with_country),
            None => foreign(abroad),
        },
        None => mainland(number, zeroless),
    }
}

/// E.164: a country code, which begins with no 0, and at most 15 digits in all.
fn foreign(digits: &str) -> Result<Number, IssueCode> {
    if digits.starts_with('0') || !(7..=15).contains(&digits.len()) {
        return Err(IssueCode::Form);
    }
    if ends_in_one_digit(digits) {
        return Err(IssueCode::StopList);
    }
    Ok(Number::Mobile(joined("+", digits)))
}

/// `zeroless`: the area code may stand without its 0.
fn mainland(digits: &str, zeroless: bool) -> Result<Number, IssueCode> {
    if let Some(mobile) = cut_prefixes(digits) {
        if mobile == "13800138000" || ends_in_one_digit(mobile) {
            return Err(IssueCode::StopList);
        }
        return Ok(Number::Mobile(joined("+86", mobile)));
    }
    if is_service(digits) {
        return Err(IssueCode::StopList);
    }
    let zero = digits.strip_prefix('0');
    let country = digits.strip_prefix("86").map(|rest| rest.strip_prefix('0').unwrap_or(rest));
    if let Some(line) = zero.filter(|d| is_fixed_line(d)).or(country.filter(|d| is_fixed_line(d))) {
        return if ends_in_one_digit(line) {
            Err(IssueCode::StopList)
        } else {
            Ok(Number::Landline(joined("+86", line)))
        };
    }
    if zeroless && is_fixed_line(digits) {
        return if ends_in_one_digit(digits) {
            Err(IssueCode::StopList)
        } else {
            Ok(Number::ZerolessLandline(joined("+86", digits)))
        };
    }
    Err(match digits.len() {
        13 => IssueCode::MachineNumber,
        7 | 8 => IssueCode::AreaCode,
        _ if zeroless => IssueCode::AreaCode,
        _ => IssueCode::Form,
    })
}

/// The eleven digits of a mobile behind any prefixes; `None` if there is no way to get to one.
fn cut_prefixes(digits: &str) -> Option<&str> {
    match digits.len() {
        11 => {
            let mut bytes = digits.bytes();
            (bytes.next() == Some(b'1') && bytes.next().is_some_and(|b| b >= b'3')).then_some(digits)
        }
        12..=32 => PREFIXES.iter().find_map(|prefix| cut_prefixes(digits.strip_prefix(prefix)?)),
        _ => None,
    }
}

/// Numbers that belong to no subscriber: emergency and hot lines, 95xxx, 400 and 800 numbers.
fn is_service(digits: &str) -> bool {
    let digits = digits.strip_prefix('0').unwrap_or(digits);
    match digits.len() {
        3..=6 => true,
        8 => digits.starts_with("95"),
        10 => digits.starts_with("400") || digits.starts_with("800"),
        _ => false,
    }
}

/// An area code without its 0, then seven or eight digits.
fn is_fixed_line(digits: &str) -> bool {
    let area = match digits.as_bytes() {
        [b'1', b'0', ..] | [b'2', b'0'..=b'5' | b'7'..=b'9', ..] => 2,
        [b'3'..=b'9', ..] => match digits.get(..3) {
            // A code and the blank behind it take four bytes of the list.
            Some(code) if AREAS.as_bytes().chunks(4).any(|area| area.starts_with(code.as_bytes())) => 3,
            _ => return false,
        },
        _ => return false,
    };
    matches!(digits.len() - area, 7 | 8)
}

fn ends_in_one_digit(digits: &str) -> bool {
    digits.len() >= 8 && is_one_character(&digits[digits.len() - 8..])
}

fn joined(prefix: &str, digits: &str) -> Zeroizing<String> {
    let mut number = Zeroizing::new(String::with_capacity(prefix.len() + digits.len()));
    number.push_str(prefix);
    number.push_str(digits);
    number
}
