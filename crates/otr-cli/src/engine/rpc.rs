//! JSON-RPC 2.0: requests in, responses and notifications out.

use std::borrow::Cow;
use std::io::Write;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::error::Error;
use crate::readable;

/// The longest message of an error, in characters.
const MAX_FAULT: usize = 300;

/// A request, its parts borrowed from the line it came in. Nothing in it is unfolded before it is needed, so a request
/// takes no more memory than its line.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// What to answer to, exactly as it came; without one the request is a notification and gets no answer.
    pub(crate) id: Option<&'a RawValue>,
    pub(crate) method: Cow<'a, str>,
    pub(crate) params: Option<&'a RawValue>,
}

/// The members of a request object, each of any type; a member that is `null` is present.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Request<'a> {
    /// Takes a line apart; a failure comes with the id to answer it to, where there is one.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, (Option<&'a RawValue>, Fault)> {
        let whole: &RawValue =
            serde_json::from_slice(line).map_err(|error| (None, Fault::new(Code::Parse, &error.to_string())))?;
        if !whole.get().starts_with('{') {
            return Err((None, Fault::invalid_request("a request is an object; batches are not taken")));
        }
        let members: Members<'a> =
            serde_json::from_str(whole.get()).map_err(|error| (None, Fault::invalid_request(&error.to_string())))?;
        if members.id.is_some_and(|id| !is_id(id)) {
            return Err((None, Fault::invalid_request("id must be a string, a number or null")));
        }
        let invalid = |what| Err((members.id, Fault::invalid_request(what)));
        if string(members.jsonrpc).as_deref() != Some("2.0") {
            return invalid(r#"jsonrpc must be "2.0""#);
        }
        let Some(method) = string(members.method) else {
            return invalid("method must be a string");
        };
        Ok(Self { id: members.id, method, params: members.params })
    }
}

fn is_id(id: &RawValue) -> bool {
    let first = id.get().as_bytes().first();
    first.is_some_and(|&byte| matches!(byte, b'"' | b'-' | b'n' | b'0'..=b'9'))
}

fn string(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).map(Cow::<str>::Owned)
}

/// Parameters of type `T`, given by name; none at all are like an empty object.
pub(crate) fn params<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Result<T, Fault> {
    let text = raw.map_or("{}", RawValue::get);
    if !text.starts_with('{') {
        return Err(Fault::invalid_params("params must be an object"));
    }
    serde_json::from_str(text).map_err(|error| Fault::invalid_params(&error.to_string()))
}

/// The numbers of errors: those of the standard, and the engine's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Parse,
    InvalidRequest,
    MethodNotFound,
    InvalidParams,
    WrongState,
    Policy,
    Unknown,
    Storage,
}

impl Code {
    const fn number(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams => -32602,
            Self::WrongState => 1,
            Self::Policy => 2,
            Self::Unknown => 3,
            Self::Storage => 4,
        }
    }
}

/// Why a request is not done.
#[derive(Debug)]
pub(crate) struct Fault {
    code: Code,
    message: String,
}

impl Fault {
    /// The message becomes one short line: it may quote what came.
    pub(crate) fn new(code: Code, message: &str) -> Self {
        Self { code, message: readable::one_line(message).chars().take(MAX_FAULT).collect() }
    }

    pub(crate) fn invalid_request(message: &str) -> Self {
        Self::new(Code::InvalidRequest, message)
    }

    pub(crate) fn invalid_params(message: &str) -> Self {
        Self::new(Code::InvalidParams, message)
    }

    pub(crate) fn storage(error: &otr_store::Error) -> Self {
        Self::new(Code::Storage, &format!("{error}; it holds until the program ends"))
    }

    pub(crate) const fn number(&self) -> i32 {
        self.code.number()
    }
}

/// Something that happened by itself.
#[derive(Debug, PartialEq)]
pub(crate) struct Notification {
    pub(crate) method: &'static str,
    pub(crate) params: Value,
}

/// A response; exactly one of `result` and `error` is there.
#[derive(Serialize)]
struct Response<'a> {
    jsonrpc: &'static str,
    id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

/// Where the objects go, a line each, none held back.
#[derive(Debug)]
pub(crate) struct Writer<W>(W);

impl<W: Write> Writer<W> {
    pub(crate) const fn new(out: W) -> Self {
        Self(out)
    }

    pub(crate) fn notify(&mut self, notification: &Notification) -> Result<(), Error> {
        self.line(&json!({"jsonrpc": "2.0", "method": notification.method, "params": notification.params}))
    }

    pub(crate) fn success(&mut self, id: &RawValue, result: &Value) -> Result<(), Error> {
        self.line(&Response { jsonrpc: "2.0", id: Some(id), result: Some(result), error: None })
    }

    pub(crate) fn failure(&mut self, id: Option<&RawValue>, fault: &Fault) -> Result<(), Error> {
        let error = json!({"code": fault.number(), "message": fault.message});
        self.line(&Response { jsonrpc: "2.0", id, result: None, error: Some(error) })
    }

    fn line(&mut self, object: &impl Serialize) -> Result<(), Error> {
        let write = |out: &mut W| {
            serde_json::to_writer(&mut *out, object)?;
            out.write_all(b"\n")?;
            out.flush()
        };
        write(&mut self.0).map_err(|error| Error::Output(error.kind()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &[u8]) -> (Option<String>, Code) {
        let (id, fault) = Request::parse(line).unwrap_err();
        (id.map(|id| id.get().to_owned()), fault.code)
    }

    #[test]
    fn a_request_keeps_its_id_as_it_came() {
        for id in ["1", "-7", "1e400", "123456789012345678901234567890", r#""aé\n""#, "null"] {
            let line = format!(r#" {{"params": {{}}, "id" : {id} , "method":"identity","jsonrpc":"2.0"}} "#);
            assert_eq!(Request::parse(line.as_bytes()).unwrap().id.map(RawValue::get), Some(id));
        }
        assert!(Request::parse(br#"{"jsonrpc":"2.0","method":"identity"}"#).unwrap().id.is_none());
    }

    #[test]
    fn broken_requests_are_told_apart() {
        for line in [&b""[..], b"{", b"\xff", br#"{"a":1}x"#, b"nul", b"{\"a\":\"\x01\"}"] {
            assert_eq!(refused(line), (None, Code::Parse), "{line:?}");
        }
        for line in [&b"[]"[..], b"[1]", b"1", b"null", b"{}", br#"{"id":[1]}"#, br#"{"id":1,"id":2}"#] {
            assert_eq!(refused(line), (None, Code::InvalidRequest), "{line:?}");
        }
        let id = Some("5".to_owned());
        for line in
            [r#"{"id":5}"#, r#"{"id":5,"jsonrpc":"1.0","method":"x"}"#, r#"{"id":5,"jsonrpc":"2.0","method":1}"#]
        {
            assert_eq!(refused(line.as_bytes()), (id.clone(), Code::InvalidRequest), "{line}");
        }
    }

    #[test]
    fn depth_costs_nothing() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(refused(deep.as_bytes()).1, Code::Parse);
        let closed = [deep.clone(), "]".repeat(1_000_000)].concat();
        assert_eq!(refused(closed.as_bytes()).1, Code::InvalidRequest);
        let inside = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{{"peer":{closed}}}}}"#);
        let request = Request::parse(inside.as_bytes()).unwrap();
        assert_eq!(params::<super::super::params::Peer>(request.params).unwrap_err().code, Code::InvalidParams);
    }

    #[test]
    fn a_fault_is_one_short_line() {
        let fault = Fault::invalid_params(&"x\ny".repeat(1000));
        assert_eq!(fault.message.chars().count(), MAX_FAULT);
        assert!(!fault.message.contains('\n'));
    }
}
