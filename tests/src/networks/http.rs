//! As much of HTTP as it takes to make accounts on a server of our own.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Posts JSON and returns the status and the body.
pub(super) fn post(server: SocketAddr, path: &str, json: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(server)?;
    let length = json.len();
    write!(
        stream,
        "POST {path} HTTP/1.0\r\nHost: {server}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    status.zip(body).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
