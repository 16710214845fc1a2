//! Accounts of people online: e-mail, 微信, QQ, 支付宝.
//!
//! Comes in: a prepared text. Goes out: `email`, `wechat`, `qq`, `alipay`, and the kinds that such a name really is.
//! Sources: e-mail: RFC 5321, section 4.5.3.1 (lengths) and RFC 5322, section 3.2.3 (what a local part is made of);
//! that dots and a `+tag` mean nothing at gmail.com is Google's own rule and nobody else's. The forms of the Chinese
//! services are those which their operators publish, read leniently.

use lianfang_proto::catalogue::Kind;
use zeroize::Zeroizing;

use super::text::{Prepared, compact, is_digits, lower};
use super::{IssueCode, gathering::Gathering, phone};

/// Words with which people announce a wechat id. Never `wx`: ids begin with it.
const ANNOUNCEMENTS: [&str; 4] = ["微信", "weixin", "vx", "v信"];

/// An e-mail address; a numeric one at qq.com gives the QQ number, too.
pub(super) fn email(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    if value.contains('*') {
        return Err(IssueCode::Masked);
    }
    let address = lower(value);
    let (local, domain) = address.split_once('@').ok_or(IssueCode::Form)?;
    if domain.contains('@') || !is_local_part(local) || !is_domain(domain) {
        return Err(IssueCode::Form);
    }
    if domain == "gmail.com" {
        let user = local.split('+').next().unwrap_or_default();
        let mut address = Zeroizing::new(String::with_capacity(address.len()));
        address.extend(user.chars().filter(|&c| c != '.'));
        if address.is_empty() {
            return Err(IssueCode::Form);
        }
        address.push_str("@gmail.com");
        out.keep(Kind::Email, &address);
        return Ok(());
    }
    out.keep(Kind::Email, &address);
    if domain == "qq.com" && is_qq(local) {
        if value.has_odd_digits() {
            return Err(IssueCode::DigitForm);
        }
        out.keep(Kind::Qq, local);
    }
    Ok(())
}

/// A wechat id, without the words before it; a mobile is one.
pub(super) fn wechat(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    let text = lower(value);
    let id = cut_announcements(&text);
    if let Some(mobile) = phone::as_mobile(&value.part(id)) {
        out.keep(Kind::Mobile, &mobile?);
        return Ok(());
    }
    if id.contains('*') {
        return Err(IssueCode::Masked);
    }
    value.part(id).refuse_rounded()?;
    if !id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
        return Err(IssueCode::Character);
    }
    if !(5..=20).contains(&id.len()) {
        return Err(IssueCode::Length);
    }
    out.keep(Kind::Wechat, id);
    Ok(())
}

/// Five to eleven digits, the first not 0.
pub(super) fn qq(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    let number = value.compact_whole()?;
    if !is_digits(&number) {
        return Err(IssueCode::Character);
    }
    if !is_qq(&number) {
        return Err(IssueCode::Form);
    }
    out.keep(Kind::Qq, &number);
    Ok(())
}

/// An account number, or the mobile or e-mail address that is the account's name.
pub(super) fn alipay(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    if value.contains('@') {
        return email(value, out);
    }
    if let Some(mobile) = phone::as_mobile(value) {
        out.keep(Kind::Mobile, &mobile?);
        return Ok(());
    }
    let number = value.compact_whole()?;
    if number.len() != 16 || !is_digits(&number) || !number.starts_with("2088") {
        return Err(IssueCode::Form);
    }
    out.keep(Kind::Alipay, &number);
    Ok(())
}

fn is_qq(number: &str) -> bool {
    (5..=11).contains(&number.len()) && is_digits(number) && !number.starts_with('0')
}

/// Atoms with dots between them, also those of other scripts.
fn is_local_part(local: &str) -> bool {
    local.len() <= 64
        && local.split('.').all(|atom| !atom.is_empty())
        && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c))
}

/// Labels with at least one dot between them.
fn is_domain(domain: &str) -> bool {
    domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

/// Cuts the announcing words and the plus sign of the emoji keyboard, as long as a separator follows them. The emoji
/// plus can stand in no id, so it counts as its own separator.
fn cut_announcements(text: &str) -> &str {
    let is_separator = |c: char| matches!(c, ':' | '+' | '➕') || c.is_whitespace();
    let mut rest = text.trim_start_matches(|c: char| c == '➕' || c.is_whitespace());
    while let Some(behind) = ANNOUNCEMENTS.iter().find_map(|word| rest.strip_prefix(word)) {
        let id = behind.trim_start_matches(is_separator);
        if id.len() == behind.len() {
            break;
        }
        let cut = &behind[..behind.len() - id.len()];
        // `vx: +852…`: the colon separates, and the plus belongs to the number.
        rest = if cut.len() > 1 && cut.ends_with('+') && is_digits(&compact(id)) {
            &behind[cut.len() - 1..]
        } else {
            id
        };
    }
    rest
}
