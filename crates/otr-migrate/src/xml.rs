//! Reading XML: no entities but the five of the language, nothing from elsewhere.

use quick_xml::Reader;
use quick_xml::events::Event;

/// A reader of a whole document, if it is UTF-8.
pub(crate) fn reader(bytes: &[u8]) -> Option<Reader<&[u8]>> {
    std::str::from_utf8(bytes).ok().map(Reader::from_str)
}

/// The text up to the end of the element that has begun; `None` if there are elements in it.
pub(crate) fn text(reader: &mut Reader<&[u8]>) -> Option<String> {
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(entity) => match entity.resolve_char_ref().ok()? {
                Some(c) => text.push(c),
                None => text.push_str(quick_xml::escape::resolve_xml_entity(&entity)?),
            },
            Event::End(_) => return Some(text),
            Event::Start(_) | Event::Eof => return None,
            _ => {}
        }
    }
}
