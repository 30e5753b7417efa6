//! JSON-RPC 2.0, an object a line.

use std::io::Write;

use serde_json::{Map, Value, json};

/// A JSON-RPC error.
pub(crate) struct Failure {
    pub(crate) code: i32,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) const PARSE_ERROR: i32 = -32700;
    pub(crate) const INVALID_REQUEST: i32 = -32600;
    pub(crate) const UNKNOWN_METHOD: i32 = -32601;
    pub(crate) const INVALID_PARAMS: i32 = -32602;
    pub(crate) const WRONG_STATE: i32 = 1;
    pub(crate) const POLICY_FORBIDS: i32 = 2;
    pub(crate) const UNKNOWN_PEER: i32 = 3;

    pub(crate) fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

pub(crate) struct Request {
    pub(crate) id: Value,
    pub(crate) method: String,
    pub(crate) params: Value,
}

/// A request, or the error that answers the line and the id that goes with it.
pub(crate) fn parse(line: &[u8]) -> Result<Request, (Value, Failure)> {
    let Ok(value) = serde_json::from_slice::<Value>(line) else {
        return Err((Value::Null, Failure::new(Failure::PARSE_ERROR, "this line is not JSON")));
    };
    let id = value.get("id").filter(|id| id.is_string() || id.is_number() || id.is_null());
    let Some(id) = id.cloned() else {
        let why = "a request is an object with an id, a string or a number";
        return Err((Value::Null, Failure::new(Failure::INVALID_REQUEST, why)));
    };
    match (value["jsonrpc"].as_str(), value["method"].as_str()) {
        (Some("2.0"), Some(method)) => {
            let params = value.get("params").cloned().unwrap_or_else(|| Value::Object(Map::new()));
            Ok(Request { id, method: method.to_owned(), params })
        }
        _ => Err((id, Failure::new(Failure::INVALID_REQUEST, "a request has jsonrpc \"2.0\" and a method"))),
    }
}

pub(crate) fn respond(id: &Value, outcome: Result<Value, Failure>) {
    write(&match outcome {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(Failure { code, message }) => {
            json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
        }
    });
}

pub(crate) fn notify(method: &str, params: Value) {
    write(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
}

fn write(line: &Value) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        // Nobody listens any more.
        std::process::exit(1);
    }
}
