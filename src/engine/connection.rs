//! Connections to PostgreSQL as its programs read them: an address, or `name=value` pairs.
//!
//! What a process is started with can be read by others on the machine. So the password is taken out, whichever way it is written, and what cannot be
//! read is handed to nobody, since it may hold one.

use super::Failure;

/// Settings that are secrets too, by names that do not say so. The programs read no variable for them, nor for `sslpassword` and `oauth_client_secret`.
const SECRETS: &[&str] = &["scram_client_key", "scram_server_key"];

/// How an address starts. Anything else is pairs, or the name of a database.
const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

/// A connection without its password, and the password.
///
/// # Errors
/// Fails if it holds another secret, or cannot be read.
pub(super) fn apart(connection: &str) -> Result<(String, Option<String>), Failure> {
    if let Some(scheme) = SCHEMES.into_iter().find(|scheme| connection.starts_with(scheme)) {
        let (rest, password) = of_address(connection.get(scheme.len()..).unwrap_or_default())?;
        return Ok((format!("{scheme}{rest}"), password));
    }
    if connection.split('=').next().is_some_and(|begin| begin.contains("://")) {
        return Err(unread("an address starts with `postgresql://`"));
    }
    if connection.contains('=') { of_pairs(connection) } else { Ok((connection.to_owned(), None)) }
}

fn unread(help: &str) -> Failure {
    Failure {
        message: "the connection is not written as PostgreSQL's programs read one".to_owned(),
        help: Some(help.to_owned()),
    }
}

/// Whether a setting is the password. One that is a secret of another kind is refused, and what looks like the password by another name.
fn is_password(name: &str) -> Result<bool, Failure> {
    let name = name.to_ascii_lowercase();
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(unread("names of settings have letters, digits and `_`; values with blanks stand in quotes: `user='a b'`"));
    }
    let looks_like_one = ["pass", "pwd", "secret"].iter().any(|part| name.contains(part)) && name != "passfile";
    if name != "password" && (looks_like_one || SECRETS.contains(&name.as_str())) {
        return Err(Failure {
            message: format!("the connection has `{name}`, which other users of this machine could read while kpic asks"),
            help: Some(
                "leave it out: the password of the user is `password`; another secret belongs into a service file that only you can read (PGSERVICE)"
                    .to_owned(),
            ),
        });
    }
    Ok(name == "password")
}

/// An address without its password, behind its scheme.
fn of_address(rest: &str) -> Result<(String, Option<String>), Failure> {
    let percent = "write `@` in a user or password as `%40`, `/` as `%2F`, `:` as `%3A` and `%` as `%25`";
    let mut password = None;
    // The programs look for the first `@` before a `/`.
    let authority = rest.find(['@', '/']).filter(|at| rest.get(*at..).is_some_and(|rest| rest.starts_with('@')));
    let (user, after) = match authority {
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default()),
        None => ("", rest),
    };
    let user = match user.split_once(':') {
        Some((user, found)) => {
            password = Some(unescaped(found).ok_or_else(|| unread(percent))?).filter(|found| !found.is_empty());
            user
        }
        None => user,
    };
    let (place, settings) = after.split_once('?').map_or((after, None), |(place, settings)| (place, Some(settings)));
    // A second one is within a password that is not escaped, of which the rest would be shown.
    if place.contains('@') {
        return Err(unread(percent));
    }
    let mut kept = Vec::new();
    for setting in settings.into_iter().flat_map(|settings| settings.split('&')).filter(|setting| !setting.is_empty()) {
        let (name, value) =
            setting.split_once('=').ok_or_else(|| unread("settings behind `?` are `name=value`, parted by `&`"))?;
        if is_password(&unescaped(name).ok_or_else(|| unread(percent))?)? {
            password = Some(unescaped(value).ok_or_else(|| unread(percent))?);
        } else {
            kept.push(setting);
        }
    }
    let mut out = String::new();
    if authority.is_some() {
        out.push_str(user);
        out.push('@');
    }
    out.push_str(place);
    if !kept.is_empty() {
        out.push('?');
        out.push_str(&kept.join("&"));
    }
    Ok((out, password))
}

/// Pairs without the password. Blanks may stand around `=`, values may be in quotes, and a backslash takes what follows as it is.
fn of_pairs(connection: &str) -> Result<(String, Option<String>), Failure> {
    let wrong = || unread("write pairs such as `host=db dbname=shop`, and values with blanks in quotes: `user='a b'`");
    let (mut kept, mut password) = (Vec::new(), None);
    let mut rest = trimmed(connection);
    while !rest.is_empty() {
        let name = rest.get(..rest.find(|char| char == '=' || is_blank(char)).ok_or_else(wrong)?).unwrap_or_default();
        let behind = trimmed(rest.get(name.len()..).unwrap_or_default());
        let begin = trimmed(behind.strip_prefix('=').filter(|_| !name.is_empty()).ok_or_else(wrong)?);
        let (value, length) = value(begin).ok_or_else(wrong)?;
        if is_password(name)? {
            password = Some(value);
        } else if !begin.starts_with('\'') && value.to_ascii_lowercase().contains("password=") {
            // Behind `dbname= ` the next pair is its value.
            return Err(wrong());
        } else {
            kept.push(format!("{name}={}", begin.get(..length).unwrap_or_default()));
        }
        rest = trimmed(begin.get(length..).unwrap_or_default());
    }
    Ok((kept.join(" "), password))
}

/// A value at the beginning of a text, and how many bytes it is written with; nothing if its quote is not closed.
fn value(text: &str) -> Option<(String, usize)> {
    let is_quoted = text.starts_with('\'');
    let mut chars = text.char_indices().skip(usize::from(is_quoted));
    let mut value = String::new();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => value.extend(chars.next().map(|(_, char)| char)),
            '\'' if is_quoted => return Some((value, at + 1)),
            char if !is_quoted && is_blank(char) => return Some((value, at)),
            char => value.push(char),
        }
    }
    (!is_quoted).then_some((value, text.len()))
}

/// The blanks of C.
fn is_blank(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

fn trimmed(text: &str) -> &str {
    text.trim_start_matches(is_blank)
}

/// A part of an address, with `%41` as the character that it stands for; nothing if a `%` stands for none.
fn unescaped(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            let digits = text.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            out.push(u8::from_str_radix(digits, 16).ok().filter(|byte| *byte != 0)?);
            at += 3;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(connection: &str) -> (String, Option<String>) {
        apart(connection).unwrap()
    }

    fn some(kept: &str, password: &str) -> (String, Option<String>) {
        (kept.to_owned(), Some(password.to_owned()))
    }

    #[test]
    fn a_password_is_taken_out_of_an_address() {
        for (connection, kept, password) in [
            ("postgresql://ada:p%40w%25@db:5432/shop?sslmode=require", "postgresql://ada@db:5432/shop?sslmode=require", "p@w%"),
            ("postgres://ada:p?w@db", "postgres://ada@db", "p?w"),
            ("postgresql://:pw@/shop", "postgresql://@/shop", "pw"),
            ("postgresql://db/shop?user=ada&password=a%26b", "postgresql://db/shop?user=ada", "a&b"),
            ("postgresql://db/shop?password=pw", "postgresql://db/shop", "pw"),
            ("postgresql://db/shop?pass%77ord=pw&sslmode=require", "postgresql://db/shop?sslmode=require", "pw"),
            ("postgresql://db?PASSWORD=pw", "postgresql://db", "pw"),
            ("postgresql://ada:one@db/shop?password=two", "postgresql://ada@db/shop", "two"),
            ("postgresql:///shop?host=/run/pg&password=pw", "postgresql:///shop?host=/run/pg", "pw"),
        ] {
            assert_eq!(parts(connection), some(kept, password), "{connection}");
        }
        for connection in
            ["postgresql://ada@db/shop?sslmode=require", "postgresql://[::1]:5432,b:1/shop", "postgresql://", "shop"]
        {
            assert_eq!(parts(connection), (connection.to_owned(), None));
        }
    }

    #[test]
    fn a_password_is_taken_out_of_pairs() {
        for (connection, kept, password) in [
            ("host=db password=pw dbname=shop", "host=db dbname=shop", "pw"),
            ("password = pw\thost = db", "host=db", "pw"),
            ("password='a b\\'c' user='x y'", "user='x y'", "a b'c"),
            ("password= 'pw'dbname=shop", "dbname=shop", "pw"),
            ("password=a\\ b\\\\ host=db", "host=db", "a b\\"),
            ("password=one password=two", "", "two"),
            ("host=db password=", "host=db", ""),
            ("user=password\\ =x password\n=\npw", "user=password\\ =x", "pw"),
        ] {
            assert_eq!(parts(connection), some(kept, password), "{connection}");
        }
        assert_eq!(
            parts("host = db passfile=x options='-c a=b password=x'"),
            ("host=db passfile=x options='-c a=b password=x'".to_owned(), None)
        );
    }

    #[test]
    fn what_may_hold_a_secret_and_cannot_be_read_is_refused() {
        for connection in [
            "postgresql://ada:p@ss@db/shop",
            "postgresql://ada:pa/ss@db/shop",
            "postgresql://ada:p%4@db",
            "postgresql://ada:p%00@db",
            "postgresql://ada:p%ff@db",
            "postgresql://db?pass%7word=pw",
            "postgresql://db?pw",
            "postgresql://db?%20password=pw",
            "POSTGRESQL://ada:pw@db",
            "postgresql+psycopg2://ada:pw@db/shop?a=b",
            "host=db 'password=pw",
            "host=db password='pw",
            "host=db password pw",
            "host=db = pw",
            "host=db dbname= password=pw",
        ] {
            let refused = apart(connection).unwrap_err();
            assert!(!format!("{refused:?}").contains("pw"), "{connection}: {refused:?}");
        }
        for connection in [
            "host=db sslpassword=pw",
            "host=db SSLPASSWORD = 'pw'",
            "postgresql://db?sslpass%77ord=pw",
            "host=db passwd=pw",
            "host=db oauth_client_secret=pw",
            "scram_client_key=pw",
        ] {
            let refused = apart(connection).unwrap_err();
            assert!(refused.message.contains("other users of this machine") && !refused.message.contains("pw"), "{refused:?}");
        }
    }
}
