//! Web addresses and application package names.
//!
//! Comes in: a prepared text. Goes out: `url`, `app`. Sources: RFC 3986, sections 3 (parts), 6.2.2.1 (case of scheme and
//! host) and 6.2.3 (default port, empty path); package names: the form that Android's manifest and Apple's bundle
//! identifier share. A fragment never reaches a server, and tracking and share parameters say who passed the link on,
//! not where it leads; everything else stays as written and in its order.

use lianfang_proto::catalogue::Kind;
use zeroize::Zeroizing;

use super::text::{Prepared, lower};
use super::{IssueCode, gathering::Gathering};

/// Parameters that say who shared a link, beside those that begin with `utm_` or `share_`.
const SHARE_PARAMETERS: [&str; 21] = [
    "share",
    "sharer",
    "shareid",
    "sharekey",
    "sharetoken",
    "shareuid",
    "shareuserid",
    "sharefrom",
    "sharesource",
    "sharetype",
    "from_share",
    "is_share",
    "isshare",
    "isappinstalled",
    "spm",
    "scm",
    "fbclid",
    "gclid",
    "msclkid",
    "sharer_shareid",
    "sharer_sharetime",
];

/// What wechat puts into `from` when a link is passed on.
const SHARE_ORIGINS: [&str; 3] = ["singlemessage", "groupmessage", "timeline"];

pub(super) fn url(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    if value.chars().any(char::is_whitespace) {
        return Err(IssueCode::Character);
    }
    let without_fragment = value.split('#').next().unwrap_or_default();
    let (scheme, rest) = match without_fragment.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme.to_ascii_lowercase()), rest),
        Some(_) => return Err(IssueCode::Form),
        None => (None, without_fragment),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let host = lower(host);
    let host = match scheme.as_deref() {
        Some("http") => host.strip_suffix(":80").unwrap_or(&host),
        Some("https") => host.strip_suffix(":443").unwrap_or(&host),
        _ => &host,
    };
    if !is_host(host) {
        return Err(IssueCode::Form);
    }
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let mut url = Zeroizing::new(String::with_capacity(value.len() + 1));
    if let Some(scheme) = &scheme {
        url.push_str(scheme);
        url.push_str("://");
    }
    if let Some(user) = user {
        url.push_str(user);
        url.push('@');
    }
    url.push_str(host);
    url.push_str(if path.is_empty() { "/" } else { path });
    let mut before = '?';
    for parameter in query.split('&').filter(|p| !p.is_empty() && !is_share_parameter(p)) {
        url.push(before);
        url.push_str(parameter);
        before = '&';
    }
    out.keep(Kind::Url, &url);
    if scheme.is_none() {
        out.warn(IssueCode::Scheme);
    }
    Ok(())
}

/// A package name: at least two parts, each beginning with a letter. Its case counts.
pub(super) fn app(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    if !value.contains('.') || !value.split('.').all(is_part) {
        return Err(IssueCode::Form);
    }
    out.keep(Kind::App, value);
    Ok(())
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// A name with a dot, or an address in brackets, with a port if any.
fn is_host(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    if let Some(address) = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')) {
        return address.contains(':')
            && address.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'));
    }
    name.contains('.')
        && name.split('.').all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        })
}

fn is_share_parameter(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let name = name.to_ascii_lowercase();
    name.starts_with("utm_")
        || name.starts_with("share_")
        || SHARE_PARAMETERS.contains(&name.as_str())
        || name == "from" && SHARE_ORIGINS.contains(&value)
}
