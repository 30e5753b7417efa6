//! What stands on the screens.

/// What the user of each side saw.
#[derive(Debug, Default, Clone)]
pub struct Screens {
    /// All that our program has shown, and what was typed.
    pub ours: Vec<String>,
    /// What the client shows.
    pub theirs: Vec<String>,
}

/// What the client showed at some moment.
#[derive(Debug)]
pub(super) struct Seen(pub(super) Vec<String>);

impl Seen {
    /// The lines of `now` that were not there then, each as often as it is new.
    pub(super) fn fresh(&self, now: Vec<String>) -> Vec<String> {
        let mut known: Vec<&String> = self.0.iter().collect();
        let mut is_new = |line: &String| match known.iter().position(|old| *old == line) {
            Some(at) => {
                known.swap_remove(at);
                false
            }
            None => true,
        };
        now.into_iter().filter(|line| is_new(line)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_repeated_is_new_once() {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let seen = Seen(lines(&["title", "hello", "[bob]"]));
        assert_eq!(seen.fresh(lines(&["title", "hello", "hello", "more", "[bob]"])), ["hello", "more"]);
        assert!(seen.fresh(lines(&["hello", "title"])).is_empty());
    }
}
