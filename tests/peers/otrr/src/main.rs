//! otrr-driver: the library otrr behind the engine contract. Requests on standard input, answers on standard output.

mod arguments;
mod engine;
mod host;
mod keys;
mod methods;
mod peer;
mod rpc;
mod rules;

use std::process::ExitCode;
use std::rc::Rc;

fn main() -> ExitCode {
    let options = match arguments::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("otrr-driver: {why}\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    let engine = Rc::new(engine::Engine::new(options));
    while let Some(line) = engine.next_line() {
        engine::answer(&engine, &line);
    }
    methods::end_all(&engine);
    ExitCode::SUCCESS
}
