//! A library for a machine without an operating system that reads OTR messages and agrees on keys.
//!
//! It has its own panic handler. If anything it is made of brought in std, there would be two of them, and it
//! would not build: that is the whole test. It never runs.

#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use otr_crypto::{DhKeyPair, DhPublic};
use otr_wire::{MAX_MESSAGE, Message, Payload, armour};

/// Answers a D-H Key message, `?OTR:` … `.`, of `length` bytes at `text`: the first byte of the session id, or -1.
///
/// # Safety
///
/// `text` points to `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn otr_no_std_answer(text: *const u8, length: usize, seed: &[u8; 32]) -> i16 {
    // SAFETY: the caller says so.
    let text = unsafe { core::slice::from_raw_parts(text, length) };
    answer(text, *seed).map_or(-1, i16::from)
}

fn answer(text: &[u8], seed: [u8; 32]) -> Option<u8> {
    let bytes = armour::decode(text, MAX_MESSAGE).ok()?;
    let Payload::DhKey(message) = Message::decode(&bytes).ok()?.payload else { return None };
    let theirs = DhPublic::from_bytes(message.gy.as_bytes()).ok()?;
    let ours = DhKeyPair::generate(&mut ChaCha20Rng::from_seed(seed));
    let keys = ours.agree(&theirs).ok()?.ake_keys();
    keys.session_id().as_bytes().first().copied()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// There is no memory to give.
struct NoMemory;

// SAFETY: no memory is given, so none is given wrongly.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: NoMemory = NoMemory;
