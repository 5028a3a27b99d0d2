//! Letters whose other case is several letters by Unicode's full rules, as `SS` to ß. In the language a letter has one other case or none.
//!
//! To lower case two are brought before, since the sigma at the end of a word has another one than elsewhere. To upper case all are hidden behind
//! the last letters for private use, in the same order, and written as their one upper case after.

macro_rules! to_lower {
    () => {
        "İΣ"
    };
}
macro_rules! lower {
    () => {
        "iσ"
    };
}
macro_rules! to_upper {
    () => {
        "ßŉǰΐΰևẖẗẘẙẚὐὒὔὖᾀᾁᾂᾃᾄᾅᾆᾇᾈᾉᾊᾋᾌᾍᾎᾏᾐᾑᾒᾓᾔᾕᾖᾗᾘᾙᾚᾛᾜᾝᾞᾟᾠᾡᾢᾣᾤᾥᾦᾧᾨᾩᾪᾫᾬᾭᾮᾯᾲᾳᾴᾶᾷᾼῂῃῄῆῇῌῒ\u{1fd3}ῖῗῢ\u{1fe3}ῤῦῧῲῳῴῶῷῼﬀﬁﬂﬃﬄﬅﬆﬓﬔﬕﬖﬗ"
    };
}
macro_rules! hidden {
    () => {
        "\u{10ff80}\u{10ff81}\u{10ff82}\u{10ff83}\u{10ff84}\u{10ff85}\u{10ff86}\u{10ff87}\u{10ff88}\u{10ff89}\u{10ff8a}\u{10ff8b}\u{10ff8c}\u{10ff8d}\u{10ff8e}\u{10ff8f}\u{10ff90}\u{10ff91}\u{10ff92}\u{10ff93}\u{10ff94}\u{10ff95}\u{10ff96}\u{10ff97}\u{10ff98}\u{10ff99}\u{10ff9a}\u{10ff9b}\u{10ff9c}\u{10ff9d}\u{10ff9e}\u{10ff9f}\u{10ffa0}\u{10ffa1}\u{10ffa2}\u{10ffa3}\u{10ffa4}\u{10ffa5}\u{10ffa6}\u{10ffa7}\u{10ffa8}\u{10ffa9}\u{10ffaa}\u{10ffab}\u{10ffac}\u{10ffad}\u{10ffae}\u{10ffaf}\u{10ffb0}\u{10ffb1}\u{10ffb2}\u{10ffb3}\u{10ffb4}\u{10ffb5}\u{10ffb6}\u{10ffb7}\u{10ffb8}\u{10ffb9}\u{10ffba}\u{10ffbb}\u{10ffbc}\u{10ffbd}\u{10ffbe}\u{10ffbf}\u{10ffc0}\u{10ffc1}\u{10ffc2}\u{10ffc3}\u{10ffc4}\u{10ffc5}\u{10ffc6}\u{10ffc7}\u{10ffc8}\u{10ffc9}\u{10ffca}\u{10ffcb}\u{10ffcc}\u{10ffcd}\u{10ffce}\u{10ffcf}\u{10ffd0}\u{10ffd1}\u{10ffd2}\u{10ffd3}\u{10ffd4}\u{10ffd5}\u{10ffd6}\u{10ffd7}\u{10ffd8}\u{10ffd9}\u{10ffda}\u{10ffdb}\u{10ffdc}\u{10ffdd}\u{10ffde}\u{10ffdf}\u{10ffe0}\u{10ffe1}\u{10ffe2}\u{10ffe3}\u{10ffe4}\u{10ffe5}"
    };
}
macro_rules! upper {
    () => {
        "ẞŉǰΐΰևẖẗẘẙẚὐὒὔὖᾈᾉᾊᾋᾌᾍᾎᾏᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾨᾩᾪᾫᾬᾭᾮᾯᾲᾼᾴᾶᾷᾼῂῌῄῆῇῌῒ\u{1fd3}ῖῗῢ\u{1fe3}ῤῦῧῲῼῴῶῷῼﬀﬁﬂﬃﬄﬅﬆﬓﬔﬕﬖﬗ"
    };
}
pub(super) use {hidden, lower, to_lower, to_upper, upper};
