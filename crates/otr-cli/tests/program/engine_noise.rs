//! No input ends the engine, and each request is answered exactly once.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::thread;

use crate::support::engine::Pair;
use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

const LINES: usize = 10_000;

struct Noise {
    rng: ChaCha20Rng,
    tape: Vec<String>,
}

impl Noise {
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.rng.next_u64() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; self.below(most) + 1];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// A message of the recorded conversation, as it was or changed a little.
    fn message(&mut self) -> String {
        let at = self.below(self.tape.len());
        let mut message = self.tape[at].clone().into_bytes();
        match self.below(5) {
            0 => {}
            1 => message.truncate(self.below(message.len())),
            2 => {
                let extra = self.bytes(40);
                message.extend(extra);
            }
            _ => {
                for _ in 0..=self.below(3) {
                    let at = self.below(message.len());
                    message[at] = b"AZ09+/=.,|?:"[self.below(12)];
                }
            }
        }
        String::from_utf8_lossy(&message).into_owned()
    }

    fn value(&mut self) -> Value {
        match self.below(9) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.rng.next_u64()),
            3 => json!(f64::from_bits(self.rng.next_u64())),
            4 => json!(String::from_utf8_lossy(&self.bytes(60))),
            5 => json!(self.message()),
            6 => json!({"peer": "bob"}),
            7 => (0..self.below(100)).fold(json!([]), |inner, _| json!([inner])),
            _ => json!(self.pick(&["bob", "opportunistic", "always", "manual", "00ff", "3", ""])),
        }
    }

    /// A request with an id whose parameters are anything; half of the time they are what the method takes.
    fn request(&mut self, id: &str) -> Vec<u8> {
        const METHODS: [&str; 15] = [
            "identity",
            "start",
            "send",
            "receive",
            "receive",
            "receive",
            "heartbeat",
            "smp.start",
            "smp.answer",
            "smp.abort",
            "trust",
            "accept",
            "extra_key",
            "policy",
            "status",
        ];
        const NAMES: [&str; 12] = [
            "text",
            "message",
            "origin",
            "secret",
            "question",
            "fingerprint",
            "trusted",
            "use",
            "data",
            "policy",
            "versions",
            "more",
        ];
        let method = match self.below(200) {
            0 => "end",
            1..10 => "nothing",
            _ => self.pick(&METHODS),
        };
        let mut params = json!({"peer": self.pick(&["bob", "bob", "bob", "eve", ""]), "text": "hello", "use": 1});
        params["message"] = json!(self.message());
        params["fingerprint"] = json!("0".repeat(40));
        params["trusted"] = json!(true);
        if self.below(2) == 0 {
            for _ in 0..=self.below(4) {
                let name = self.pick(&NAMES);
                params[name] = self.value();
            }
        }
        if self.below(20) == 0 {
            params = self.value();
        }
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string().into_bytes()
    }

    /// Anything at all, most of it no request.
    fn junk(&mut self) -> Vec<u8> {
        match self.below(6) {
            0 => self.bytes(300),
            1 => b"[".repeat(self.below(5000)),
            2 => [b"{\"jsonrpc\":\"2.0\",\"id\":1,\"params\":".to_vec(), b"{\"a\":".repeat(self.below(3000))].concat(),
            3 => format!("{{\"jsonrpc\":\"2.0\",\"id\":{}e{}}}", self.rng.next_u64(), self.below(280)).into_bytes(),
            _ => {
                let mut line = self.request("junk");
                for _ in 0..=self.below(4) {
                    let at = self.below(line.len());
                    let byte = self.bytes(1)[0];
                    match self.below(3) {
                        0 => line[at] = byte,
                        1 => line.insert(at, byte),
                        _ => drop(line.remove(at)),
                    }
                }
                line
            }
        }
    }
}

// attack: G-4
#[test]
fn ten_thousand_lines_of_noise_leave_it_running() {
    let mut pair = Pair::private(&[]);
    for text in ["one", "two"] {
        pair.alice("send", json!({"peer": "bob", "text": text}));
        pair.bob("send", json!({"peer": "alice", "text": text}));
    }
    let Pair { mut alice, tape, .. } = pair;
    let mut noise = Noise { rng: ChaCha20Rng::from_seed([42; 32]), tape };
    let mut expected = HashSet::new();
    let mut lines = Vec::new();
    for number in 0..LINES {
        let line = if number % 2 == 0 {
            let id = format!("request {number} {:x}", noise.rng.next_u64());
            let line = noise.request(&id);
            expected.insert(id);
            line
        } else {
            noise.junk()
        };
        lines.push(line);
    }
    lines.push(br#"{"jsonrpc":"2.0","id":"the last","method":"identity"}"#.to_vec());

    let mut stdin = alice.process.take_stdin();
    let writer = thread::spawn(move || {
        for line in lines {
            stdin.write_all(&line).unwrap();
            stdin.write_all(b"\n").unwrap();
        }
    });
    let mut answered: HashMap<String, usize> = HashMap::new();
    let mut errors: HashMap<i64, usize> = HashMap::new();
    loop {
        let object = alice.next_object();
        if let Some(code) = object["error"]["code"].as_i64() {
            *errors.entry(code).or_default() += 1;
        }
        match object["id"].as_str() {
            Some("the last") => break,
            Some(id) => *answered.entry(id.to_owned()).or_default() += 1,
            None => assert!(object["id"].is_null() || object["id"].is_number(), "{object}"),
        }
    }
    writer.join().unwrap();
    for id in &expected {
        assert_eq!(answered.get(id), Some(&1), "{id}");
    }
    for code in [-32700, -32600, -32601, -32602, 1, 3] {
        assert!(errors.contains_key(&code), "the noise never led to {code}: {errors:?}");
    }
    let (rest, status) = alice.finish();
    assert!(status.success() && rest.iter().all(|note| note.0 != "response"));
}
