//! Takes out of an address what two clerks write differently: blanks, punctuation, brackets, old forms of characters.
//!
//! Comes in: text in NFKC. Goes out: the same without them, Latin letters upper case. Brackets are dropped: round a part
//! of the address (`（3栋）`) only the brackets, round a remark (`（近地铁站）`) the remark with them.

use zeroize::Zeroizing;

use crate::normalise::text::{is_bracket, is_dash};

/// With these a part of an address ends.
const PART_ENDINGS: &str = "省市区县旗镇乡村道路号弄栋幢座楼元室房层";
/// With these a remark begins.
const REMARKS: &str = "原近靠旁临对";

pub(super) fn clean(text: &str) -> Zeroizing<String> {
    let text = without_remarks(text);
    let mut clean = Zeroizing::new(String::with_capacity(text.len()));
    for c in text.chars() {
        match c {
            '號' => clean.push('号'),
            '樓' => clean.push('楼'),
            '棟' => clean.push('栋'),
            '單' => clean.push('单'),
            '層' => clean.push('层'),
            '區' => clean.push('区'),
            '縣' => clean.push('县'),
            '鎮' => clean.push('镇'),
            '鄉' => clean.push('乡'),
            c if is_dash(c) && c != 'ー' => {
                if !clean.ends_with('-') {
                    clean.push('-');
                }
            }
            c if c.is_whitespace() || is_bracket(c) || is_punctuation(c) => {}
            c => clean.push(c.to_ascii_uppercase()),
        }
    }
    clean
}

const fn is_punctuation(c: char) -> bool {
    matches!(
        c,
        ',' | '.'
            | ':'
            | '!'
            | '?'
            | '"'
            | '\''
            | '“'
            | '”'
            | '‘'
            | '’'
            | '、'
            | '。'
            | '·'
            | '•'
            | '|'
            | '~'
            | '_'
    )
}

/// Drops every bracket that holds a remark. A bracket that is never closed is only a character.
fn without_remarks(text: &str) -> Zeroizing<String> {
    let mut kept = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some(open) = rest.find(is_bracket) {
        let (before, from) = rest.split_at(open);
        kept.push_str(before);
        let inside = &from[from.chars().next().map_or(0, char::len_utf8)..];
        let Some(close) = inside.find(is_bracket) else {
            kept.push_str(inside);
            return kept;
        };
        let (content, end) = inside.split_at(close);
        if is_part(content) {
            kept.push_str(content);
        }
        rest = &end[end.chars().next().map_or(0, char::len_utf8)..];
    }
    kept.push_str(rest);
    kept
}

/// A part ends with the word of a level or with a short number; a telephone is a remark.
fn is_part(content: &str) -> bool {
    let content = content.trim();
    let digits = content.chars().filter(char::is_ascii_digit).count();
    let ends_as_part = content
        .chars()
        .next_back()
        .is_some_and(|c| PART_ENDINGS.contains(c) || c == '#' || c.is_ascii_digit() && digits < 6);
    ends_as_part && !content.starts_with(|c| REMARKS.contains(c))
}
