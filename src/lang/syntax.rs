//! What is wrong with a text that is not Lua: the VM's message taken apart, and the
//! place that it means.

use std::ffi::CStr;
use std::ops::Range;

use crate::error::{Error, Result, SyntaxError};
use crate::lang::Function;
use crate::lang::chunk::run_source;
use crate::sys;
use crate::vm::protect::{Body, Source};
use crate::vm::state::State;

/// The VM's `complaint` about `text`, as an error that shows where.
#[cold]
pub(crate) fn explain(state: &mut State, complaint: &Error, text: &[u8], name: &CStr) -> Error {
    if let Error::Memory(_) = complaint {
        return complaint.clone();
    }
    let whole = complaint.to_string();
    let shown = String::from_utf8_lossy(name.to_bytes());
    let (chunk, line, message) = split_message(&whole, &shown);
    let incomplete = message.ends_with("<eof>'") || message.ends_with("<eof>");
    let range = line_at(text, line);
    let bytes = &text[range.clone()];
    let at = match token(message, bytes) {
        Some(token) if !incomplete => find_token(state, text, range, token, message),
        _ => Ok(bytes.len()),
    };
    let column = match at {
        Ok(at) => String::from_utf8_lossy(&bytes[..at]).chars().count(),
        Err(error) => return error,
    };
    let source_line = String::from_utf8_lossy(bytes).into_owned();
    Error::Syntax(Box::new(SyntaxError { chunk: chunk.to_owned(), line, message: message.to_owned(), source_line, column, incomplete }))
}

/// What the message says it came upon: of several lines the last. A NUL byte goes unsaid.
fn token<'m>(message: &'m str, line: &[u8]) -> Option<&'m str> {
    match message.split_once(" near '") {
        Some((_, token)) => token.strip_suffix('\'')?.rsplit(['\n', '\r']).next(),
        None => line.contains(&0).then_some("\0"),
    }
}

/// Where in the line the token is that the message names. Where it stands more than
/// once, the text is compiled up to it: a parser stops at its first complaint, so the
/// same one comes with every end from the right place on, and none before it.
fn find_token(state: &mut State, text: &[u8], line: Range<usize>, token: &str, message: &str) -> Result<usize> {
    let bytes = &text[line.clone()];
    let mut token = token.as_bytes().to_vec();
    let mut places = find_all(bytes, &token);
    if places.is_empty() {
        token = unquoted(&token).unwrap_or(token);
        places = find_all(bytes, &token);
    }
    let (mut first, mut end) = (0, places.len());
    while end - first > 1 {
        let middle = first.midpoint(end);
        let part = &text[..line.start + places[middle - 1] + token.len()];
        if complains(state, part, message)? { end = middle } else { first = middle }
    }
    Ok(places.get(first).copied().unwrap_or(bytes.len()))
}

fn find_all(line: &[u8], token: &[u8]) -> Vec<usize> {
    line.windows(token.len().max(1)).enumerate().filter(|(_, part)| *part == token).map(|(at, _)| at).collect()
}

/// The byte that `<\195>` (Lua 5.4) or `char(7)` (LuaJIT) stands for.
fn unquoted(token: &[u8]) -> Option<Vec<u8>> {
    let token = std::str::from_utf8(token).ok()?;
    let number = token.strip_prefix("<\\").or_else(|| token.strip_prefix("char("))?;
    number.trim_end_matches(['>', ')']).parse().ok().map(|byte| vec![byte])
}

/// Whether compiling `text` ends with this message.
fn complains(state: &mut State, text: &[u8], message: &str) -> Result<bool> {
    let mut source = Source {
        text: text.as_ptr().cast(),
        length: text.len(),
        name: c"=part".as_ptr(),
        mode: c"t".as_ptr(),
        environment: 0,
        status: sys::LUA_OK,
    };
    let result: Result<Function> = run_source(state, &mut source, None, Body::Load, 5);
    match result {
        Err(error @ Error::Memory(_)) => Err(error),
        Err(error) => Ok(error.to_string().ends_with(message)),
        Ok(_) => Ok(false),
    }
}

/// The bytes of a line, counted from 1, without its end; nothing for line 0. Lines
/// end as Lua has it: in CR, LF, or both in either order.
fn line_at(text: &[u8], line: usize) -> Range<usize> {
    if line == 0 {
        return 0..0;
    }
    let mut start = 0;
    for _ in 1..line {
        if start == text.len() {
            break;
        }
        let end = line_end(text, start);
        let pair = matches!(text.get(end..end + 2), Some(b"\r\n" | b"\n\r"));
        start = (end + 1 + usize::from(pair)).min(text.len());
    }
    start..line_end(text, start)
}

fn line_end(text: &[u8], start: usize) -> usize {
    text[start..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(text.len(), |length| start + length)
}

/// `chunk:line: message`, as the VM writes it, in its three parts.
fn split_message<'m>(whole: &'m str, name: &'m str) -> (&'m str, usize, &'m str) {
    let skip = shown_length(whole, name);
    let name = name.trim_start_matches(['=', '@']);
    for (at, _) in whole[skip..].match_indices(':').map(|(at, colon)| (at + skip, colon)) {
        let rest = &whole[at + 1..];
        let Some((digits, message)) = rest.split_once(": ") else { continue };
        if let Ok(line) = digits.parse() {
            return (&whole[..at], line, message);
        }
    }
    (name, 0, whole)
}

/// How much of the message is the chunk's name, which may look like a line number
/// itself. The VM cuts long ones: of a file it keeps the end, of others the start.
fn shown_length(whole: &str, name: &str) -> usize {
    const MOST: usize = sys::LUA_IDSIZE as usize - 1;
    let Some(name) = name.strip_prefix(['=', '@']) else { return 0 };
    if whole.starts_with(name) {
        return name.len();
    }
    // It cuts between any two bytes, and so between those of a character.
    let bytes = name.as_bytes();
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST)]);
    let end = format!("...{}", String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(MOST - 3)..]));
    [&*start, &*end].into_iter().find(|shown| whole.starts_with(shown)).map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_split_at_the_line_number() {
        assert_eq!(split_message("a:1: x near 'b:2: c'", "=a"), ("a", 1, "x near 'b:2: c'"));
        assert_eq!(split_message("C:\\a:7: b:12: oops", "@C:\\a:7: b"), ("C:\\a:7: b", 12, "oops"));
        assert_eq!(split_message("no line", "=a"), ("a", 0, "no line"));
        let long = "a:1: b".repeat(20);
        let whole = format!("{}:7: oops", &long[..59]);
        assert_eq!(split_message(&whole, &format!("={long}")), (&long[..59], 7, "oops"));
        let whole = format!("...{}:7: oops", &long[long.len() - 56..]);
        assert_eq!(split_message(&whole, &format!("@{long}")), (&whole[..59], 7, "oops"));
        // Cut within a character, at the end and at the beginning.
        let long = format!("a:1: {}é{}", "b".repeat(53), "b".repeat(55));
        let shown = String::from_utf8_lossy(&long.as_bytes()[..59]);
        assert_eq!(split_message(&format!("{shown}:7: oops"), &format!("={long}")), (&*shown, 7, "oops"));
        let shown = format!("...{}", String::from_utf8_lossy(&long.as_bytes()[long.len() - 56..]));
        assert_eq!(split_message(&format!("{shown}:7: oops"), &format!("@{long}")), (&*shown, 7, "oops"));
    }

    #[test]
    fn lines_end_as_in_lua() {
        let text = b"a\r\nbb\rc\n\rd\n\ne";
        let lines: Vec<&[u8]> = (1..=6).map(|line| &text[line_at(text, line)]).collect();
        assert_eq!(lines, [&b"a"[..], b"bb", b"c", b"d", b"", b"e"]);
        assert_eq!(line_at(text, usize::MAX), text.len()..text.len());
    }

    #[test]
    fn bytes_that_the_vm_writes_as_numbers_are_found() {
        assert_eq!(unquoted(b"<\\195>"), Some(vec![195]));
        assert_eq!(unquoted(b"char(7)"), Some(vec![7]));
        assert_eq!(unquoted(b"<=>"), None);
    }
}
