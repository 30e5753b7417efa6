//! The processor time and the memory of this process.

use std::time::Duration;

/// What something takes, in processor time.
pub(crate) fn timed(what: impl FnOnce() -> Result<(), String>) -> Result<Duration, String> {
    let begun = processor_time()?;
    what()?;
    Ok(processor_time()? - begun)
}

fn processor_time() -> Result<Duration, String> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the time is written to a structure that is ours.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    match (result, time.tv_sec.try_into(), time.tv_nsec.try_into()) {
        (0, Ok(seconds), Ok(nanoseconds)) => Ok(Duration::new(seconds, nanoseconds)),
        _ => Err("there is no clock of processor time".to_owned()),
    }
}

/// The resident memory in bytes, once what is free has been given back.
pub(crate) fn resident() -> Result<u64, String> {
    // SAFETY: neither call touches memory that is in use.
    let page = unsafe {
        libc::malloc_trim(0);
        libc::sysconf(libc::_SC_PAGESIZE)
    };
    let statm = std::fs::read_to_string("/proc/self/statm").map_err(|error| error.to_string())?;
    let pages: Option<u64> = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    let page: Option<u64> = page.try_into().ok();
    pages.zip(page).map(|(pages, page)| pages * page).ok_or_else(|| "there is no resident memory told".to_owned())
}
