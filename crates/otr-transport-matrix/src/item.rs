use otr_transport::Event;

/// What waits for the host, in order.
#[derive(Debug)]
pub(crate) enum Item {
    Event(Event),
    /// The host, in coming for what is after this, has taken all up to this place in the stream of events.
    Taken(String),
}
